"""sogenactif check --payment: an order paid at the sandbox payment server."""

import re
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest

from sogenactif.protocols.certificate import issue_certificate
from tests.support.check import Served, place_order
from tests.support.vectors import ENROLLED, MERCHANT


def test_check_pays_an_order_once(start: Any) -> None:
    served = start()
    reference = place_order(served.kit)
    found = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert (found.status, found.bad) == (0, {})
    [paid] = [f for f in found.answer["findings"] if f["check"] == "payment"]
    assert paid["saw"] == "transaction 000001 was accepted, and is in the ledger"
    again = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert "shows no form for this order (200)" in again.bad["payment_no_order"]["saw"]


@pytest.mark.parametrize("means", ["shop", "server"])
def test_check_pays_an_order_on_paypage(start: Any, means: str) -> None:
    served = start(MEANS=means)
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert (found.status, found.bad) == (0, {})
    [paid] = [f for f in found.answer["findings"] if f["check"] == "payment"]
    assert paid["saw"] == "transaction 000001 was accepted, and is in the ledger"


def test_lost_automatic_response_is_reported(start: Any) -> None:
    served = start()
    text = served.kit.parmcom.read_text()
    served.kit.parmcom.write_text(
        re.sub("AUTO_RESPONSE_URL!.*!", f"AUTO_RESPONSE_URL!{served.shop}/lost!", text)
    )
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert found.status == 1
    assert "its state in the ledger is waiting" in found.bad["payment_not_notified"]["saw"]
    assert f"{served.shop}/lost" in found.bad["payment_not_notified"]["do"]


def test_rejected_payment_request_is_reported(start: Any) -> None:
    served = start()
    served.kit.add(served.kit.parmcom, "BGCOLOR!red!\n")
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert "asks for no card (400)" in found.bad["payment_no_entry"]["saw"]


def test_check_pays_an_order_without_a_ledger(start: Any) -> None:
    served = start()
    served.kit.change(served.kit.pathfile, "LEDGER")
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert (found.bad, "payment_done" in found.well) == ({}, True)


def _ask_for_3d_secure(served: Served) -> None:
    script = served.kit.root / "cgi-bin" / "call_request.py"
    script.write_text(script.read_text().replace(f'"{MERCHANT}"', f'"{ENROLLED}"'))


def _have_the_bank_unavailable(served: Served) -> None:
    urlopen(f"{served.shop}/payment/console/switches", b"unavailable=1").close()


def _lose_the_way_back(served: Served) -> None:
    served.kit.change(served.kit.parmcom, "RETURN_URL", f"{served.shop}/lost")


def _take_the_certificates_away(served: Served) -> None:
    for path in served.kit.conf.glob("certif.*"):
        path.unlink()


@pytest.mark.parametrize(
    ("break_it", "name", "saw"),
    [
        (_ask_for_3d_secure, "payment_no_receipt", "/payment/card shows no receipt (200)"),
        (_have_the_bank_unavailable, "payment_not_accepted", "is not accepted: refused (response_code 90)"),
        (_lose_the_way_back, "payment_no_return", "/lost answers 404 to the customer who comes back"),
        (_take_the_certificates_away, "payment_unknown", "the address of the payment server is not known"),
    ],
)
def test_each_step_at_which_the_payment_fails_has_its_finding(
    start: Any, break_it: Callable[[Served], None], name: str, saw: str
) -> None:
    served = start()
    break_it(served)
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert (found.status, saw in found.bad[name]["saw"]) == (1, True)


def test_request_sealed_with_another_key_is_reported(start: Any) -> None:
    served = start(MEANS="shop")
    for merchant in (MERCHANT, ENROLLED):
        served.kit.put(served.kit.conf / f"other.{merchant}", b"another")
    other = served.kit.conf / "pathfile.other"
    served.kit.put(other, served.kit.pathfile.read_bytes())
    served.kit.change(other, "PAYPAGE_KEY", str(served.kit.conf / "other"))
    order = place_order(served.kit)
    found = served.kit.check("--pathfile", str(other), "--url", served.apache, "--payment", "--order", order)
    assert "call_request.py: Invalid message MAC" in found.bad["payment_unsealed"]["saw"]


def test_check_never_pays_at_the_server_of_a_bank(start: Any) -> None:
    served = start()
    reference = place_order(served.kit)
    served.kit.as_a_banks()
    found = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert "the check never pays at a bank" in found.bad["payment_bank"]["saw"]
    of_this_kit = issue_certificate("https://payment.invalid/pay", ENROLLED)
    served.kit.put(served.kit.conf / f"certif.fr.{ENROLLED}.php", of_this_kit)
    found = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert "the check never pays at a bank" in found.bad["payment_bank"]["saw"]
    served.kit.use_paypage("https://payment.invalid/paymentInit")
    found = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert "the check never pays at a bank" in found.bad["payment_bank"]["saw"]
    assert not (served.kit.data / "ledger.db").exists()
