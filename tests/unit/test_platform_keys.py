"""Keys of Paypage's data dictionary in a call and in parmcom files."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from sogenactif import Kit
from sogenactif.commands.check import configuration as check
from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import CallError, InvalidKeyword, ParameterTooLong
from sogenactif.executables import request as run_request
from sogenactif.fields import CALL, PARMCOM, is_platform_key
from sogenactif.ledger.history import transactions
from sogenactif.payment import check_call, parse_call
from sogenactif.protocols.paypage_fields import COMPUTED
from sogenactif.web import Order
from sogenactif_sandbox import paypage as sandbox
from tests.support.bank import Bank, bank, send
from tests.support.paypage import ask, opened_request
from tests.support.shop import MovingShop
from tests.support.shop import ask as get
from tests.support.vectors import MERCHANT, use_paypage

KEYS = {
    "billingAddress.city": "Nantes",
    "billingAddress.streetNumber": "7 bis",
    "customerContact.lastname": "Lefèvre & Cie",
    "customerAccountHistoric.numberOfPurchase180Days": "3",
    "fraudData.challengeMode3DS": "CHALLENGE",
    "fraudData.merchantCustomerAuthentMethod": "OWNCREDENTIAL",
    "merchantWalletId": "W=7",
    "merchantSessionId": "a;b:c",
    "orderChannel": "MOTO",
    "paymentMeanData.paypal.invoiceId": "12",
    "paymentPattern": "RECURRING_1",
    "shoppingCartDetail.productList": "{a=1,b=2},{a=3}",
    "interfaceVersionNormalResponse": "HP_3.4",
    "interfaceVersionAutomaticResponse": "HP_3.4",
    "customerId": "anne",
}


@pytest.fixture
def paypage_pathfile(param: Path) -> Pathfile:
    return read_pathfile(use_paypage(param))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("billingAddress.city", True),
        ("merchantWalletId", True),
        ("hashSalt1Of", True),
        ("paymentMeanData.paypal.invoiceId", True),
        ("amount", False),
        ("order_id", False),
        ("billing_Address", False),
        ("BillingAddress.city", False),
        ("billingAddress.City", False),
        ("billingAddress.", False),
        (".city", False),
        ("a..b", False),
        ("a.1b", False),
        ("LANGUAGE", False),
        ("éA", False),
        ("aB\n", False),
        ("aB ", False),
        ("", False),
    ],
)
def test_key_of_the_platform_is_recognised_by_its_form(name: str, expected: bool) -> None:
    assert is_platform_key(name) is expected


def test_names_of_the_kit_do_not_have_the_form_of_platform_keys() -> None:
    assert not any(map(is_platform_key, [*CALL, *PARMCOM]))


@pytest.mark.parametrize(("key", "value"), KEYS.items())
@pytest.mark.parametrize("encode", ["base64", "base64url", "none"])
def test_key_is_sealed_as_given(param: Path, encode: str, key: str, value: str) -> None:
    pathfile = read_pathfile(use_paypage(param, ENCODE=encode))
    request = ask(pathfile, payment_means="CB,1", **{key: value})
    assert opened_request(request, "CB", pathfile)[key] == value
    assert request.fields[key] == value


def test_platform_keys_are_sent_after_the_keys_of_the_kit(paypage_pathfile: Pathfile) -> None:
    new = {key: value for key, value in KEYS.items() if key not in ("orderChannel", "customerId")}
    sealed = opened_request(ask(paypage_pathfile, payment_means="CB,1", **new), "CB", paypage_pathfile)
    assert list(sealed)[-len(new) :] == list(new)
    assert sealed["orderChannel"] == "INTERNET"


def test_call_takes_precedence_over_the_merchant_file_and_that_over_the_default_file(
    paypage_pathfile: Pathfile,
) -> None:
    with open(paypage_pathfile.default_parameters, "a") as file:
        file.write("\nbillingAddress.country!FRA!\nbillingAddress.city!Paris!\nbillingAddress.state!x!\n")
    with open(f"{paypage_pathfile.merchant_parameters}.{MERCHANT}", "a") as file:
        file.write("\nbillingAddress.city!Nantes!\nbillingAddress.state!y!\n")
    sealed = opened_request(
        ask(paypage_pathfile, payment_means="CB,1", **{"billingAddress.state": "z"}), "CB", paypage_pathfile
    )
    address = {key: sealed[f"billingAddress.{key}"] for key in ("country", "city", "state")}
    assert address == {"country": "FRA", "city": "Nantes", "state": "z"}


def test_empty_value_is_not_sent(paypage_pathfile: Pathfile) -> None:
    assert "billingAddress.city" not in opened_request(
        ask(paypage_pathfile, **{"billingAddress.city": ""}), "CB", paypage_pathfile
    )


@pytest.mark.parametrize(
    ("key", "value", "source"),
    [
        ("merchantId", "1", "merchant_id"),
        ("currencyCode", "840", "currency_code"),
        ("keyVersion", "2", "PAYPAGE_KEY_VERSION"),
        ("transactionReference", "A1", "PAYPAGE_REFERENCE"),
        ("s10TransactionId", "7", "PAYPAGE_REFERENCE"),
        ("s10TransactionReference.s10TransactionId", "000001", "PAYPAGE_REFERENCE"),
        ("s10TransactionReference.s10TransactionIdDate", "20261126", "PAYPAGE_REFERENCE"),
        ("orderId", "B", "order_id"),
        ("returnContext", "x", "return_context"),
        ("normalReturnUrl", "https://elsewhere.example/", "normal_return_url"),
        ("automaticResponseUrl", "https://elsewhere.example/", "automatic_response_url"),
        ("captureMode", "VALIDATION", "capture_mode"),
        ("captureDay", "3", "capture_day"),
        ("paymentMeanBrandList", "AMEX", "payment_means"),
        ("responseEncoding", "base64", "PAYPAGE_ENCODE"),
        ("interfaceVersion", "HP_2.0", "PAYPAGE_INTERFACE"),
        ("instalmentData.number", "2", "capture_mode"),
        ("instalmentData.amountsList", "1,2", "capture_mode"),
        ("paymentPattern", "INSTALMENT", "capture_mode"),
        ("merchantID", "1", "merchant_id"),
        ("currencycodE", "1", "currency_code"),
        ("instalmentdata.number", "2", "capture_mode"),
        ("customerLanguage", "de", "language"),
        ("customerContact.email", "b@shop.example", "customer_email"),
        ("customercontact.email", "b@shop.example", "customer_email"),
        ("customerId", "8", "customer_id"),
        ("paypageData.bypassReceiptPage", "false", "data"),
    ],
)
def test_key_that_the_kit_computes_is_rejected(
    paypage_pathfile: Pathfile, key: str, value: str, source: str
) -> None:
    own = {
        "language": "fr",
        "customer_id": "7",
        "customer_email": "a@shop.example",
        "data": "NO_RESPONSE_PAGE",
    }
    with pytest.raises(CallError) as raised:
        ask(paypage_pathfile, **own, **{key: value})
    assert f"({key}: the kit computes it from {source})" in str(raised.value)
    with open(f"{paypage_pathfile.merchant_parameters}.{MERCHANT}", "a") as file:
        file.write(f"\n{key}!{value}!\n")
    with pytest.raises(CallError, match=f"computes it from {source}"):
        ask(paypage_pathfile, **own)


def test_computed_key_is_rejected_before_a_transaction_number_is_assigned(
    param: Path, tmp_path: Path
) -> None:
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    shop.move(param)
    assert shop.order
    for key in ("keyVersion", "orderId", "returnContext"):
        assert key.lower() in COMPUTED
        shop.order = Order({**shop.order.parameters, key: "2"})
        answer = get(shop.request, query="order=CMD-42")
        assert answer.status == 500 and f"{key}: the kit computes it from" in answer.log
        del shop.order.parameters[key]  # type: ignore[attr-defined]
    with shop.ledger() as ledger:
        assert list(transactions(ledger)) == []


def test_payment_pattern_is_rejected_for_a_payment_in_instalments(paypage_pathfile: Pathfile) -> None:
    times = {"capture_mode": "PAYMENT_N", "capture_day": "0"}
    data = "NB_PAYMENT=2;PERIOD=30;INITIAL_AMOUNT=600"
    with pytest.raises(CallError, match="paymentPattern: the kit computes it from capture_mode"):
        ask(paypage_pathfile, **times, data=data, paymentPattern="RECURRING_1")


@pytest.mark.parametrize("encode", ["base64url", "none"])
@pytest.mark.parametrize("value", ["|", "a|b", "x|amount=1"])
def test_bar_in_the_value_of_a_key_is_rejected(param: Path, encode: str, value: str) -> None:
    pathfile = read_pathfile(use_paypage(param, ENCODE=encode))
    with pytest.raises(
        CallError, match=re.escape("(billingAddress.city contains a | that would end its value)")
    ):
        ask(pathfile, **{"billingAddress.city": value})


@pytest.mark.parametrize("value", ["a\nb", "a\r\nb", "a\r", "\n", "a\0"])
@pytest.mark.parametrize("name", ["return_context", "order_id", "billingAddress.street"])
def test_line_end_is_rejected_if_the_message_is_sent_without_encoding(
    param: Path, name: str, value: str
) -> None:
    pathfile = read_pathfile(use_paypage(param))
    encoded = ask(pathfile, payment_means="CB,1", **{name: value})
    key = {"return_context": "returnContext", "order_id": "orderId"}.get(name, name)
    assert opened_request(encoded, "CB", pathfile)[key] == value
    with pytest.raises(CallError, match=f"{key} contains a line end or NUL, which PAYPAGE_ENCODE!none!"):
        ask(read_pathfile(use_paypage(param, ENCODE="none")), **{name: value})


@pytest.mark.parametrize("key", ["interfaceVersionNormalResponse", "interfaceVersionAutomaticResponse"])
def test_request_for_a_response_version_that_the_kit_cannot_read_is_rejected(
    paypage_pathfile: Pathfile, key: str
) -> None:
    with pytest.raises(CallError, match=f"{key}: the kit reads responses of version HP_ only"):
        ask(paypage_pathfile, **{key: "JS_3.4"})


# Sips 1.0


@pytest.mark.parametrize(
    ("address", "in_sips", "in_paypage"),
    [
        ("192.0.2.7", True, True),
        ("2001:db8::7", True, True),
        ("2001:db8:85a3:1:2:8", True, True),
        ("2001:db8:85a3:1:2:8a2e:370:7334", False, True),
        ("2001:0db8:85a3:0001:0002:8a2e:0370:7334", False, True),
        ("2001:0db8:85a3:0001:0002:8a2e:0370:73340", False, False),
    ],
)
@pytest.mark.parametrize("protocol", ["sips", "paypage"])
def test_ip_address_of_the_customer_has_at_most_39_bytes_in_paypage(
    param: Path, protocol: str, address: str, in_sips: bool, in_paypage: bool
) -> None:
    path = use_paypage(param) if protocol == "paypage" else str(param / "pathfile")
    call = {"merchant_id": MERCHANT, "amount": "100", "order_id": "1", "customer_ip_address": address}
    output, status = run_request([f"pathfile={path}", *(f"{name}={value}" for name, value in call.items())])
    if in_paypage if protocol == "paypage" else in_sips:
        assert status == 0 and output.startswith(b"!0!!<")
        assert Kit(path).request(**call).fields["customer_ip_address"] == address
    else:
        words = f"Error parameter (customer_ip_address={address}) too long"
        assert (status, output.decode().split("!")[1:3]) == (255, ["-1", words])
        with pytest.raises(ParameterTooLong):
            Kit(path).request(**call)


@pytest.mark.parametrize(("key", "value"), KEYS.items())
def test_platform_key_in_a_call_of_sips_is_an_invalid_keyword(
    pathfile: Pathfile, key: str, value: str
) -> None:
    with pytest.raises(InvalidKeyword) as raised:
        ask(pathfile, **{key: value})
    assert str(raised.value) == f"Invalid Keyword in parameter ({key}={value})"
    assert value not in raised.value.logged
    output, status = run_request(
        [f"pathfile={pathfile.path}", f"merchant_id={MERCHANT}", "amount=100", f"{key}={value}"]
    )
    assert (status, output.startswith(b"!-1!Invalid Keyword in parameter (")) == (255, True)


def test_platform_key_in_a_parmcom_file_is_ignored_by_sips(pathfile: Pathfile) -> None:
    with open(pathfile.default_parameters, "a") as file:
        file.write("\nbillingAddress.country!FRA!\n")
    assert "billingAddress.country" not in ask(pathfile).fields


@pytest.mark.parametrize("name", ["Amount", "billing_address.city", "billingAddress..city", "ordre_id", "x."])
def test_name_without_the_form_of_a_platform_key_is_an_invalid_keyword(
    paypage_pathfile: Pathfile, name: str
) -> None:
    with pytest.raises(InvalidKeyword):
        check_call({name: "1"})
    with pytest.raises(InvalidKeyword):
        parse_call([f"{name}=1"])


# Where they come from and where they go


def messages(running: Bank) -> list[dict[str, Any]]:
    """Return the keys of the requests of the last payment, as the sandbox received them."""
    posts = [message["post"] for message in running.last()["messages"] if message["kind"] == "REQUEST"]
    return [sandbox._pairs(sandbox._decode(post["Data"], post.get("Encode", ""))) for post in posts]


@pytest.mark.parametrize("encode", ["base64", "base64url", "none"])
def test_sandbox_receives_platform_keys_from_script_executable_and_python_api(
    param: Path, tmp_path: Path, encode: str
) -> None:
    sent = {key: value for key, value in KEYS.items() if key not in ("orderChannel", "paymentPattern")}
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    shop.move(param, ENCODE=encode, MEANS="server")
    assert shop.order
    with bank(param) as running:
        parameters = {**shop.order.parameters, "normal_return_url": f"{running.shop.url}/back", **sent}
        parameters["automatic_response_url"] = f"{running.shop.url}/automatic"
        shop.order = Order(parameters)
        form = Kit(shop.pathfile.path).request(**parameters)
        [own] = form.posts.values()
        arguments = [f"{name}={value}" for name, value in parameters.items()]
        output, status = run_request([f"pathfile={shop.pathfile.path}", *arguments])
        assert status == 0
        pages = [get(shop.request, query="order=CMD-42").body, output.decode()]
        posts = [dict(own), *(hidden(page) for page in pages)]
        for post in posts:
            assert send(f"{running.url}/paymentInit", post | {"means": "CB"}).status == 200
            assert [{key: pairs.get(key) for key in sent} for pairs in messages(running)] == [sent]
        with shop.ledger() as ledger:
            recorded = [transaction.fields for transaction in transactions(ledger)]
            written = [entry["fields"] for entry in ledger.journal.entries()]
    assert [{key: fields.get(key) for key in sent} for fields in recorded] == [sent] * 3
    assert written == recorded


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the only form of a page."""
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}


def test_sandbox_rejects_a_misspelt_key(param: Path) -> None:
    use_paypage(param)
    with bank(param) as running:
        urls = {"normal_return_url": f"{running.shop.url}/back"}
        post = ask(running.pathfile, payment_means="CB,1", **urls, **{"fraudData.challengeMode": "x"}).posts[
            "CB"
        ]
        page = send(f"{running.url}/paymentInit", dict(post))
    assert page.status == 400 and "Invalid keyword: fraudData.challengeMode=x" in page.text


@pytest.mark.parametrize(("protocol", "findings"), [("sips", ["unknown_keyword"]), ("paypage", [])])
def test_check_accepts_platform_keys_with_paypage_only(
    param: Path, protocol: str, findings: list[str]
) -> None:
    path = param / "parmcom.extra"
    path.write_text("billingAddress.country!FRA!\n")
    found = check._lines(str(path), PARMCOM, (), protocol == "paypage")
    assert [finding.name for finding in found] == findings
