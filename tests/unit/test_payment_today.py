"""The payment server in the manner of today's: same cards, pages and outcomes, another message."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sogenactif.configuration import read_pathfile
from sogenactif.payment import PaymentResponse, make_request, read_outcome
from sogenactif.protocols import paypage
from tests.conftest import MERCHANT, speak_paypage
from tests.support.bank import Answer, Bank, bank, send


@pytest.fixture
def today(param: Path) -> Iterator[Bank]:
    speak_paypage(param)
    with bank(param) as running:
        yield running


def ask(running: Bank, means: str = "CB", **parameters: str) -> dict[str, str]:
    """What the shop's form of a means of payment posts."""
    running.number += 1
    call = {
        "merchant_id": MERCHANT,
        "amount": "1250",
        "language": "en",
        "transaction_id": f"{running.number:06}",
        "normal_return_url": f"{running.shop.url}/back",
        "automatic_response_url": f"{running.shop.url}/automatic",
        "order_id": "CMD-42",
        "payment_means": "CB,1,VISA,1,AMEX,1",
        **parameters,
    }
    return dict(make_request(call, running.pathfile).posts[means])


def call(running: Bank, post: dict[str, str]) -> Answer:
    return send(f"{running.url}/paymentInit", post)


def said(running: Bank, page: Answer) -> PaymentResponse:
    """The response behind the button of a page."""
    names = ("Data", "Encode", "Seal", "InterfaceVersion")
    return read_outcome({name: page.hidden(name) for name in names}, running.pathfile)


@pytest.mark.parametrize(("number", "code"), [("4974934125497800", "00"), ("4972187615205", "05"), ("4974934125497890", "90")])  # fmt: skip
def test_a_card_is_worth_what_it_was_worth(today: Bank, number: str, code: str) -> None:
    page = today.card(call(today, ask(today)), number)
    response = said(today, page)
    assert (response["response_code"], response["bank_response_code"]) == (code, number[-2:])
    assert (response["payment_means"], response["order_id"], response["amount"]) == ("CB", "CMD-42", "1250")
    assert response["card_number"] == f"{number[:4]}.{number[-2:]}"
    assert bool(response["authorisation_id"]) == (code == "00")
    assert response.original["s10TransactionId"] == response["transaction_id"] == f"{today.number:06}"
    assert f'action="{today.shop.url}/back"' in page.text
    assert [path for path, _ in today.shop.received] == ["/automatic"]


def test_both_messages_are_served_at_once(today: Bank) -> None:
    guide, new = today.call(today.request()), call(today, ask(today))
    assert today.read(today.card(guide))["response_code"] == "00"
    assert said(today, today.card(new)).outcome == "accepted"


def test_the_automatic_response_is_the_browser_s(today: Bank) -> None:
    page = today.card(call(today, ask(today)))
    today.wait_for_automatic(1)
    [message] = [m for m in today.last()["messages"] if m["kind"] == "AUTOMATIC"]
    post = message["post"]
    assert post == {name: page.hidden(name) for name in post}
    assert message["state"] == "SENT"


def test_a_customer_cancels(today: Bank) -> None:
    page = call(today, ask(today))
    names = ("Data", "Encode", "Seal", "InterfaceVersion")
    token = page.text.split("/cancel/")[1].split('"')[0]
    answer = send(f"{today.url}/cancel/{token}", {name: page.hidden(name) for name in names})
    assert (answer.status, answer.location) == (307, f"{today.shop.url}/back")
    assert said(today, page).outcome == "cancelled"


def test_3d_secure_says_so(today: Bank) -> None:
    parmcom = {"merchant_id": "014213245611112"}
    information = today.card(call(today, ask(today, **parmcom)))
    response = said(today, today.authenticate(information, "00000000"))
    assert (response.outcome, response["transaction_condition"]) == ("accepted", "3D_SUCCESS")
    assert response.original["holderAuthentStatus"] == "SUCCESS"


def test_a_payment_in_several_times(today: Bank) -> None:
    parts = {
        "capture_mode": "PAYMENT_N",
        "capture_day": "5",
        "data": "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=250",
    }
    page = today.card(call(today, ask(today, **parts)))
    response = said(today, page)
    assert (response.outcome, response["capture_mode"]) == ("accepted", "PAYMENT_N")
    assert [part["amount"] for part in today.last()["payments"]] == ["250", "500", "500"]


def test_a_number_that_was_used_is_94(today: Bank) -> None:
    post = ask(today)
    call(today, post)
    today.number -= 1
    assert said(today, call(today, ask(today, amount="999")))["response_code"] == "94"
    assert said(today, today.card(call(today, post))).outcome == "accepted"
    assert said(today, call(today, post))["response_code"] == "94"


def test_a_customer_who_takes_too_long_is_97(param: Path) -> None:
    speak_paypage(param)
    with bank(param, seconds=-2) as running:
        assert said(running, running.card(call(running, ask(running))))["response_code"] == "97"


@pytest.mark.parametrize("altered", [{"Seal": "0" * 64}, {"SealAlgorithm": "SHA-256"}, {"SealAlgorithm": "MD5"}, {"Seal": ""}])  # fmt: skip
def test_a_wrong_seal_is_34_and_answered_to_nobody(today: Bank, altered: dict[str, str]) -> None:
    page = call(today, ask(today) | altered)
    assert page.status == 403 and "responseCode=34" in page.text and 'name="Data"' not in page.text
    assert today.shop.received == []
    assert "MAC" in today.console("refused")[-1]["answer"]


def test_another_key_version_is_34(today: Bank, param: Path) -> None:
    with (param / "pathfile").open("a") as file:
        file.write("PAYPAGE_KEY_VERSION!2!\n")
    other = Bank(today.url, today.shop, read_pathfile(str(param / "pathfile")))
    assert "responseCode=34" in call(today, ask(other)).text


def test_the_previous_key_seals_what_it_asked(today: Bank, param: Path) -> None:
    key = param / f"key.{MERCHANT}"
    before = key.read_text()
    key.write_text((param / f"key.{MERCHANT}.old").read_text())
    post = ask(today)
    key.write_text(before)
    response = today.card(call(today, post))
    names = ("Data", "Encode", "Seal")
    _, old = paypage.open_sealed(
        {name: response.hidden(name) for name in names}, today.pathfile, "HMAC-SHA-256"
    )
    assert old


@pytest.mark.parametrize("keywords", [
    {"MEANS": "server"}, {"ENCODE": "none"}, {"ENCODE": "base64"}, {"SEAL": "SHA-256"}, {"REFERENCE": "transactionReference"},
])  # fmt: skip
def test_every_manner_of_asking_is_answered(param: Path, keywords: dict[str, str]) -> None:
    speak_paypage(param, **keywords)
    with bank(param) as running:
        by_server = keywords.get("MEANS") == "server"
        post = ask(running, "" if by_server else "CB")
        page = call(running, post)
        if by_server:
            assert [f'value="{means}"' in page.text for means in ("CB", "AMEX", "JCB")] == [True, True, False]
            page = call(running, post | {"means": "CB"})
        last = running.card(page)
        names = [name for name in ("Data", "Encode", "Seal") if f'name="{name}"' in last.text]
        response = read_outcome({name: last.hidden(name) for name in names}, running.pathfile)
        assert (response.outcome, response["transaction_id"]) == ("accepted", f"{running.number:06}")


def test_a_means_that_was_not_listed_cannot_be_chosen(param: Path) -> None:
    speak_paypage(param, MEANS="server")
    with bank(param) as running:
        assert "<form" in call(running, ask(running, "") | {"means": "JCB"}).text
        assert running.console("transactions") == []


@pytest.mark.parametrize(
    "pairs",
    [
        {"amount": "x"},
        {"currencyCode": "999"},
        {"normalReturnUrl": "javascript:x"},
        {"paymentMeanBrandList": "GOLD"},
        {"s10TransactionReference.s10TransactionId": "x"},
        {"paymentPattern": "INSTALMENT"},
        {"paymentPattern": "INSTALMENT", "instalmentData.datesList": "20261301,x", "instalmentData.amountsList": "1"},
    ],
)  # fmt: skip
def test_a_request_that_is_malformed_is_refused(today: Bank, pairs: dict[str, Any]) -> None:
    post = ask(today)
    whole, _ = paypage.open_sealed(post, today.pathfile, "HMAC-SHA-256")
    secret = paypage.read_key(paypage.key_path(today.pathfile, MERCHANT))
    again = paypage.seal(whole | pairs, secret, "HMAC-SHA-256", "base64url")
    assert call(today, post | again).status == 400
