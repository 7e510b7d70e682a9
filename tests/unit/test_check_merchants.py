"""sogenactif check: requests that can be sealed, addresses and logos."""

import json
import re
import shutil

import pytest

from sogenactif.addresses import PAYPAGE_HOSTS
from tests.support.check import PRODUCTION, TESTS, CheckedInstallation
from tests.support.vectors import ENROLLED, MERCHANT

# Each looks at an installed kit.
pytestmark = pytest.mark.system


@pytest.mark.parametrize(
    ("line", "saw"),
    [
        ("PAYMENT_MEANS!CB,1,AMEX!\n", "(payment_means,block_order)"),
        ("LANGUAGE!FR!\n", "language (FR) must be lower case"),
        ("CURRENCY!eur!\n", "currency_code (eur) not numeric"),
    ],
)
def test_parameters_that_the_kit_rejects_are_reported_with_their_line(
    kit: CheckedInstallation, line: str, saw: str
) -> None:
    kit.add(kit.parmcom, line)
    found = kit.check()
    assert (found.status, saw in found.bad["request_refused"]["saw"]) == (1, True)
    assert (found.bad["request_refused"]["file"], found.bad["request_refused"]["line"]) == (
        str(kit.parmcom),
        5,
    )


@pytest.mark.parametrize(
    ("url", "name", "level", "saw"),
    [
        ("payment.example/paymentInit", "address_malformed", "fault", "PAYPAGE_URL is not a web address"),
        (
            "https://payment.example/pay;Init",
            "address_malformed",
            "fault",
            "PAYPAGE_URL is not a web address",
        ),
        ("http://payment.example/paymentInit", "server_in_clear", "fault", "PAYPAGE_URL is not https"),
        (TESTS, "server_for_tests", "warning", "the bank's server for tests, where nobody is charged"),
        (
            "https://payment-webinit.sips-atos.com/paymentInit",
            "server_gone",
            "fault",
            "payment-webinit.sips-atos.com is switched off",
        ),
        (
            "https://payment-webinit.sogenactif.fr/paymentInit",
            "server_unknown",
            "warning",
            "payment-webinit.sogenactif.com is one",
        ),
    ],
)
def test_invalid_address_of_paypage_is_reported(
    kit: CheckedInstallation, url: str, name: str, level: str, saw: str
) -> None:
    kit.open_shop()
    kit.use_paypage(url)
    found = kit.check().bad[name]
    assert (found["file"], found["line"] > 0) == (f"{kit.root}/cgi-bin/pathfile", True)
    assert (found["level"], saw in found["saw"]) == (level, True)


def test_public_key_debug_mode_and_local_address_are_reported_in_paypage_production(
    kit: CheckedInstallation,
) -> None:
    kit.open_shop()
    kit.use_paypage(PRODUCTION)
    found = kit.check()
    assert (found.status, set(found.bad)) == (1, {"key_public"})
    assert "the published key of a test shop of the bank" in found.bad["key_public"]["saw"]
    for merchant in (MERCHANT, ENROLLED):
        kit.put(kit.conf / f"key.{merchant}", b"a-key-that-the-extranet-gave_0123456789abcde\n")
    assert kit.check().bad == {}
    kit.change(kit.pathfile, "DEBUG", "YES")
    assert kit.check().bad["debug_on"]["level"] == "fault"
    kit.change(kit.pathfile, "DEBUG", "NO")
    kit.change(kit.parmcom, "RETURN_URL", "https://localhost/return")
    assert kit.check().bad["address_local"]["line"] == 2


def test_secret_key_of_a_real_shop_on_the_test_server_is_a_fault(kit: CheckedInstallation) -> None:
    kit.open_shop()
    kit.use_paypage(TESTS)
    assert kit.check().status == 0
    kit.put(kit.key, b"a-key-that-the-extranet-gave_0123456789abcde\n")
    found = kit.check()
    assert (found.status, found.bad["key_in_tests"]["file"]) == (1, str(kit.key))
    assert f"PAYPAGE_URL!{PRODUCTION}!" in found.bad["key_in_tests"]["do"]


@pytest.mark.parametrize("server", ["production", "test"])
@pytest.mark.parametrize("brand", [brand for brand, hosts in PAYPAGE_HOSTS.items() if "test" in hosts])
def test_servers_of_each_brand_are_recognised_as_production_or_test(
    kit: CheckedInstallation, brand: str, server: str
) -> None:
    kit.open_shop()
    kit.use_paypage(f"https://{PAYPAGE_HOSTS[brand][server]}/paymentInit")
    found = kit.check().bad
    assert list(found) == (["key_public"] if server == "production" else ["server_for_tests"])
    production = PAYPAGE_HOSTS[brand]["production"]
    assert server == "production" or f"https://{production}/paymentInit!" in found["server_for_tests"]["do"]


@pytest.mark.parametrize(("url", "name", "saw"), [
    ("https://shop.example/index.php?page=return", "address_with_parameters", "has parameters, which Paypage may refuse"),
    ("https://shop.example:10443/return", "address_port", "has port 10443, but the bank's server calls ports 80 to 9999 only"),
    ("https://me:tr0ub4dor@shop.example/return", "address_with_password", "which every customer's browser would get"),
    ("https://shop.example:9999/return", "", ""),
])  # fmt: skip
@pytest.mark.parametrize("keyword", ["RETURN_URL", "AUTO_RESPONSE_URL"])
def test_address_that_paypage_may_not_call_is_reported_without_its_password(
    kit: CheckedInstallation, keyword: str, url: str, name: str, saw: str
) -> None:
    kit.open_shop()
    kit.use_paypage(TESTS)
    kit.change(kit.parmcom, "CANCEL_URL")
    kit.change(kit.parmcom, keyword, url)
    found = kit.check()
    assert list(found.bad) == ["server_for_tests", *([name] if name else [])]
    assert not name or saw in found.bad[name]["saw"]
    assert "tr0ub4dor" not in json.dumps(found.answer)


@pytest.mark.parametrize("mode", ["transactionId", "transactionReference", "server"])
def test_public_test_shop_with_a_wrong_reference_mode_is_reported(
    kit: CheckedInstallation, mode: str
) -> None:
    modes = {
        "002001000000001": "transactionReference",
        "002001000000002": "server",
        "002001000000003": "transactionId",
        "002001000000004": "server",
        "002016000000001": "transactionReference",
    }
    kit.use_paypage(TESTS, REFERENCE=mode)
    kit.open_shop()
    for merchant in modes:
        shutil.copy(kit.parmcom, kit.conf / f"parmcom.{merchant}")
        kit.put(kit.conf / f"key.{merchant}", f"{merchant}_KEY1".encode())
    found = [finding for finding in kit.check().answer["findings"] if finding["name"] == "test_shop_mode"]
    assert [finding["saw"].split()[0] for finding in found] == [m for m in modes if modes[m] != mode]
    for finding in found:
        wanted = modes[finding["saw"].split()[0]]
        assert f"is a public test shop of the mode {wanted}" in finding["saw"]
        assert finding["line"] == len(kit.pathfile.read_text().splitlines())


def test_address_that_paypage_does_not_send_is_reported(kit: CheckedInstallation) -> None:
    kit.use_paypage()
    kit.change(kit.parmcom, "CANCEL_URL", "http://127.0.0.1:8/cancelled")
    found = kit.check().bad
    assert (list(found), found["address_unsent"]["line"]) == (["address_unsent"], 3)


def test_parameter_with_a_separator_of_paypage_is_reported(kit: CheckedInstallation) -> None:
    kit.use_paypage()
    kit.add(kit.parmcom, "RETURN_CONTEXT!a|amount=1!\n")
    found = kit.check()
    assert (found.status, "returnContext contains a |" in found.bad["request_refused"]["saw"]) == (1, True)
    assert found.bad["request_refused"]["line"] == 5


@pytest.mark.parametrize(
    ("url", "name", "saw"),
    [
        ("shop.example/return", "address_malformed", "RETURN_URL is not a web address"),
        ("http://shop.example/a b", "address_malformed", "RETURN_URL is not a web address"),
        ("http://shop.example:http/", "address_malformed", "RETURN_URL is not a web address"),
        (
            "http://localhost/return",
            "address_local",
            "which neither customers nor the payment server can reach",
        ),
        (
            "http://127.0.0.1/return",
            "address_local",
            "which neither customers nor the payment server can reach",
        ),
        (
            "http://192.168.1.7/return",
            "address_local",
            "which neither customers nor the payment server can reach",
        ),
        ("http://shop.example/return", "address_in_clear", "RETURN_URL is not https"),
        ("", "address_absent", "RETURN_URL is not set"),
    ],
)
def test_invalid_return_url_is_reported_in_production(
    kit: CheckedInstallation, url: str, name: str, saw: str
) -> None:
    kit.as_a_banks()
    kit.open_shop()
    assert kit.check().bad == {}
    kit.parmcom.write_text(re.sub("RETURN_URL!.*!", f"RETURN_URL!{url}!", kit.parmcom.read_text(), count=1))
    found = kit.check().bad
    assert list(found) == [name]
    assert saw in found[name]["saw"]


def test_public_shop_with_a_local_payment_server_is_a_fault(kit: CheckedInstallation) -> None:
    kit.open_shop()
    for protocol in ("sips", "paypage"):
        found = kit.check()
        assert (found.status, list(found.bad)) == (1, ["server_local"]), protocol
        assert "but payments go to http://127.0.0.1:9/payment" in found.bad["server_local"]["saw"]
        kit.use_paypage()


def test_missing_logo_is_a_fault_if_customers_see_a_broken_image(kit: CheckedInstallation) -> None:
    (kit.root / "logos" / "AMEX.svg").unlink()
    found = kit.check()
    assert (found.status, "no picture for AMEX" in found.bad["logo_as_text"]["saw"]) == (0, True)
    kit.pathfile.write_text(kit.pathfile.read_text().replace("LOGO_TYPE!svg!\n", ""))
    found = kit.check()
    assert (found.status, "customers see a broken image" in found.bad["logo_missing"]["saw"]) == (1, True)


def test_misspelled_means_of_payment_or_logo_address_is_reported(kit: CheckedInstallation) -> None:
    kit.add(kit.parmcom, "PAYMENT_MEANS!CB,1,VISSA,1!\n")
    assert "Did you mean VISA?" in kit.check().bad["means_misspelled"]["do"]
    kit.change(kit.pathfile, "D_LOGO", "/logos")
    found = kit.check().bad["logo_address"]
    assert (found["line"], "pictures are expected at /logosCB" in found["saw"]) == (5, True)


def test_address_of_another_script_is_a_fault(kit: CheckedInstallation) -> None:
    kit.change(kit.parmcom, "AUTO_RESPONSE_URL", "http://127.0.0.1:8/cgi-bin/call_response.py")
    found = kit.check()
    assert (found.status, list(found.bad), found.bad["address_of_another"]["line"]) == (
        1,
        ["address_of_another"],
        4,
    )
    assert (
        found.bad["address_of_another"]["saw"]
        == "AUTO_RESPONSE_URL is the address of call_response.py instead of call_autoresponse.py"
    )
