"""Shops whose transaction numbers Paypage assigns: the request carries a token, and the response is matched by it."""

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sogenactif import Kit
from sogenactif.configuration import read_pathfile
from sogenactif.errors import CallError, TransactionUsed, UntrustedResponse
from sogenactif.executables import response as run_response
from sogenactif.ledger.history import differences, transactions
from sogenactif.protocols import TOKEN, Numbering, identifier, paypage
from sogenactif.web import Order
from tests.support.bank import Bank, bank, send
from tests.support.paypage import ask, opened_request
from tests.support.shop import MovingShop, missing, post
from tests.support.shop import ask as get
from tests.support.vectors import ASKED, MERCHANT, use_paypage

BY_SERVER = Numbering("paypage", by_server=True)
CONTEXT = "basket=7;é"
NUMBERS = ("transactionReference", "s10TransactionReference.s10TransactionId", "s10TransactionId")
ENDS = {
    "s10TransactionId": "6",
    "s10TransactionIdDate": "20261126",
    "transactionReference": "SIM20261126AB12",
}
CARD = "4200000000000000"


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> MovingShop:
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    shop.move(param, REFERENCE="server")
    assert shop.order
    shop.order = Order({**shop.order.parameters, "return_context": CONTEXT}, shop.order.lines)
    return shop


def tokens(shop: MovingShop) -> list[str]:
    """Return the tokens of the recorded requests."""
    with shop.ledger() as ledger:
        return [transaction.fields["token"] for transaction in transactions(ledger)]


def requested(shop: MovingShop, **parameters: str) -> str:
    """Ask for a payment of the order; return its token."""
    assert shop.order
    before, shop.order = shop.order, Order({**shop.order.parameters, **parameters}, shop.order.lines)
    shop.show_form()
    shop.order = before
    return tokens(shop)[-1]


def answer(shop: MovingShop, token: str, **said: str) -> dict[str, str]:
    """Return what the server posts for the request of a token."""
    return shop.paypage_post("", **{**ENDS, "returnContext": token + CONTEXT, **said})


def sealed_keys(shop: MovingShop, fields: Mapping[str, str]) -> dict[str, str]:
    return paypage.open_sealed(fields, shop.pathfile, shop.pathfile.paypage.seal)[0]


# Requests


def test_request_carries_a_token_and_no_number(shop: MovingShop) -> None:
    assert shop.order
    form = Kit(shop.pathfile.path).request(**shop.order.parameters)
    for fields in form.posts.values():
        keys = sealed_keys(shop, fields)
        assert not keys.keys() & set(NUMBERS)
        assert re.fullmatch(r"kit[0-9a-f]{32}", keys["returnContext"].removesuffix(CONTEXT))
        assert keys["returnContext"] == form.fields["token"] + CONTEXT
    assert form.fields["return_context"] == CONTEXT


def test_each_request_has_its_own_token(shop: MovingShop) -> None:
    for _ in range(3):
        shop.show_form()
    assert len(set(tokens(shop))) == 3 and all(map(TOKEN.fullmatch, tokens(shop)))


def test_instalments_carry_no_transaction_numbers(shop: MovingShop) -> None:
    assert shop.order
    several = {"capture_mode": "PAYMENT_N", "capture_day": "0"}
    data = "NB_PAYMENT=2;PERIOD=30;INITIAL_AMOUNT=500"
    form = Kit(shop.pathfile.path).request(**shop.order.parameters, **several, data=data)
    keys = sealed_keys(shop, next(iter(form.posts.values())))
    assert {name for name in keys if name.startswith("instalmentData.")} == {
        "instalmentData.number",
        "instalmentData.datesList",
        "instalmentData.amountsList",
    }


def test_request_without_a_ledger_has_no_token(param: Path) -> None:
    pathfile = read_pathfile(use_paypage(param, REFERENCE="server"))
    keys = opened_request(ask(pathfile, payment_means="CB,1", return_context="x"), "CB", pathfile)
    assert keys["returnContext"] == "x" and not keys.keys() & set(NUMBERS)


@pytest.mark.parametrize(("length", "fits"), [(220, True), (221, False)])
def test_return_context_beyond_220_bytes_is_rejected(shop: MovingShop, length: int, fits: bool) -> None:
    assert shop.order
    shop.order = Order({**shop.order.parameters, "return_context": "x" * length})
    page = get(shop.request, query="order=CMD-42")
    assert page.status == (200 if fits else 500)
    assert fits or "return_context has more than 220 bytes" in page.log
    with shop.ledger() as ledger:
        assert len(list(transactions(ledger))) == fits


@pytest.mark.parametrize("mode", ["server", "transactionId", "transactionReference"])
def test_return_context_that_begins_like_a_token_is_rejected(param: Path, mode: str) -> None:
    pathfile = read_pathfile(use_paypage(param, REFERENCE=mode))
    with pytest.raises(CallError, match="begins like a token of the kit"):
        ask(pathfile, return_context=f"kit{7:032x}more")


def test_repeated_request_with_a_number_of_the_shop_keeps_its_token(shop: MovingShop) -> None:
    with shop.ledger() as ledger:
        first = ledger.register({**ASKED, "transaction_id": "000007"}, BY_SERVER)
        again = ledger.register({**ASKED, "transaction_id": "000007", "language": "en"}, BY_SERVER)
        assert again["token"] == first["token"]
        ledger.register({**ASKED, "transaction_id": "000008"}, Numbering("paypage"))
        with pytest.raises(TransactionUsed, match="with another PAYPAGE_REFERENCE"):
            ledger.register({**ASKED, "transaction_id": "000008"}, BY_SERVER)


# Responses


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"s10TransactionId": "", "s10TransactionIdDate": ""},
        {"s10TransactionIdDate": ""},
        {"s10TransactionId": "x"},
        {"s10TransactionId": "000001"},
        {"transactionReference": ""},
        {"transactionReference": "20261126000001"},
    ],
)
def test_response_is_matched_by_the_token_whatever_its_numbers(
    shop: MovingShop, numbers: dict[str, str]
) -> None:
    requested(shop)
    token = requested(shop)
    assert shop.post_response(answer(shop, token, **numbers)).log == ""
    [outcome] = shop.outcomes
    assert (outcome.outcome, outcome["transaction_id"], outcome["return_context"]) == (
        "accepted",
        "000002",
        CONTEXT,
    )
    with shop.ledger() as ledger:
        assert [t.state for t in transactions(ledger)] == ["waiting", "accepted"]
        assert list(differences(ledger, lambda count: None)) == []


@pytest.mark.parametrize("context", ["", "basket", "null"])
def test_return_context_of_the_shop_is_returned_unchanged(shop: MovingShop, context: str) -> None:
    token = requested(shop, return_context=context)
    shop.post_response(answer(shop, token, returnContext=token + context))
    assert shop.outcomes[0]["return_context"] == context


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ({"returnContext": CONTEXT}, "unknown"),
        ({"returnContext": ""}, "unknown"),
        ({"returnContext": f"kit{0:032x}"}, "unknown"),
        ({"returnContext": f"x@TOKEN@{CONTEXT}"}, "unknown"),
        ({"returnContext": CONTEXT, "transactionReference": "@TOKEN@"}, "unknown"),
        ({"returnContext": CONTEXT, "statementReference": "@TOKEN@"}, "unknown"),
        ({"returnContext": CONTEXT, "s10TransactionId": "1", "s10TransactionIdDate": "@DAY@"}, "unknown"),
        ({"returnContext": CONTEXT, "transactionReference": "@DAY@000001"}, "unknown"),
        ({"amount": "1"}, "conflicting"),
        ({"currencyCode": "840"}, "conflicting"),
        ({"orderId": "CMD-43"}, "conflicting"),
    ],
)
def test_response_without_the_token_or_with_other_values_is_not_accepted(
    shop: MovingShop, said: dict[str, str], verdict: str
) -> None:
    token, day = requested(shop), shop.day()
    said = {key: value.replace("@TOKEN@", token).replace("@DAY@", day) for key, value in said.items()}
    fields = answer(shop, token, **said)
    assert verdict in shop.post_response(fields).log
    assert post(shop.response, **fields).status == 403
    with pytest.raises(UntrustedResponse):
        Kit(shop.pathfile.path).receive(fields)
    assert shop.outcomes == []


def test_response_with_the_token_of_another_order_is_conflicting(shop: MovingShop) -> None:
    cheap = requested(shop, order_id="CHEAP", amount="100")
    dear = requested(shop, order_id="DEAR", amount="99900")
    paid = {"orderId": "CHEAP", "amount": "100"}
    assert "conflicting" in shop.post_response(answer(shop, dear, **paid)).log
    assert "conflicting" in shop.post_response(answer(shop, cheap, orderId="DEAR", amount="99900")).log
    assert "unknown" in shop.post_response(answer(shop, "", returnContext=f"{CONTEXT}{dear}", **paid)).log
    assert shop.outcomes == []
    shop.post_response(answer(shop, cheap, returnContext=cheap + dear, **paid))
    assert [(o["order_id"], o["return_context"]) for o in shop.outcomes] == [("CHEAP", dear)]


def test_response_with_a_token_and_a_wrong_seal_is_rejected(shop: MovingShop) -> None:
    token = requested(shop)
    keys = sealed_keys(shop, answer(shop, token))
    forged = paypage.seal(keys, b"another key", "HMAC-SHA-256", "base64url", InterfaceVersion="HP_3.4")
    assert shop.post_response(forged).status == 403
    assert shop.outcomes == []


def test_response_of_another_merchant_with_the_token_is_unknown(shop: MovingShop) -> None:
    token = requested(shop)
    other = "014213245611112"
    secret = paypage.read_key(paypage.key_path(shop.pathfile, other))
    keys = sealed_keys(shop, answer(shop, token)) | {"merchantId": other}
    assert "unknown" in shop.post_response(paypage.seal(keys, secret, "HMAC-SHA-256", "base64url")).log
    assert shop.outcomes == []


def test_response_with_a_token_does_not_match_a_request_without_one(shop: MovingShop, param: Path) -> None:
    shop.move(param, REFERENCE="transactionId")
    number, day = shop.show_form(), shop.day()
    numbers = {"s10TransactionId": number, "s10TransactionIdDate": day}
    assert "unknown" in shop.post_response(answer(shop, f"kit{1:032x}", **numbers)).log
    assert shop.outcomes == []


def test_repeated_response_is_a_duplicate_and_a_later_refusal_is_conflicting(shop: MovingShop) -> None:
    token = requested(shop)
    for said in ({}, {}, {"responseCode": "05", "authorisationId": ""}):
        shop.post_response(answer(shop, token, **said))
    assert shop.verdicts() == ["accepted", "duplicate", "conflicting"]
    assert [outcome.outcome for outcome in shop.outcomes] == ["accepted"]


def test_payments_begun_before_a_change_of_the_mode_are_matched(shop: MovingShop, param: Path) -> None:
    token = requested(shop)
    shop.move(param, REFERENCE="transactionId")
    number = shop.show_form()
    shop.post_response(answer(shop, token))
    shop.post_response(shop.paypage_post(number))
    paid = [(o["transaction_id"], o["return_context"]) for o in shop.outcomes]
    assert paid == [("000001", CONTEXT), (number, CONTEXT)]


def test_response_during_an_outage_of_the_ledger_is_matched_by_replay(
    shop: MovingShop, tmp_path: Path
) -> None:
    token = requested(shop)
    fields = answer(shop, token)
    with missing(shop, tmp_path / "ledger.db"):
        output, _ = run_response([f"message={urlencode(fields)}", f"pathfile={shop.pathfile.path}"])
        assert token not in output.decode() and CONTEXT in output.decode()
        assert shop.post_response(fields).status == 200
    assert shop.replay()[0] == 0
    with shop.ledger() as ledger:
        assert [t.state for t in transactions(ledger)] == ["accepted"]


def test_rebuilt_ledger_matches_by_token(shop: MovingShop, tmp_path: Path) -> None:
    token = requested(shop)
    shop.restart()
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()
    assert shop.replay()[0] == 0
    assert tokens(shop) == [token]
    assert shop.post_response(answer(shop, token)).log == ""


@pytest.mark.postgresql
def test_ledger_in_postgresql_matches_by_token(param: Path, tmp_path: Path, postgresql_url: str) -> None:
    shop = MovingShop(param, postgresql_url, tmp_path / "journal")
    shop.move(param, REFERENCE="server")
    first, second = requested(shop), requested(shop)
    shop.post_response(answer(shop, second))
    assert [outcome["transaction_id"] for outcome in shop.outcomes] == ["000002"]
    assert "unknown" in shop.post_response(answer(shop, first[:-1])).log


def test_identifier_of_a_response_is_its_token_or_its_reference() -> None:
    token = f"kit{5:032x}"
    assert identifier({"returnContext": f"{token}x", "transactionReference": "A"}) == token
    assert identifier({"returnContext": "x", "transactionReference": "A"}) == "A"
    assert identifier({"returnContext": f"x{token}", "transactionReference": token}) == ""
    assert identifier({}) == ""


# The sandbox


def pay(running: Bank, page: str, result: str = "SUCCESS", **changes: str) -> dict[str, str]:
    """Pay with the form of a page of the kit; return what the browser posts to the shop."""
    form = page[page.index("<form") :]
    names = ("Data", "InterfaceVersion", "Seal", "SealAlgorithm", "Encode")
    post = {n: unescape(v) for n, v in re.findall(r'name="(\w+)" value="([^"]*)"', form) if n in names}
    entry = send(f"{running.url}/paymentInit", post | changes)
    choice = running.card(entry, CARD)
    receipt = send(f"{running.url}/authentication", {"session": choice.session, "result": result})
    return {name: receipt.hidden(name) for name in ("Data", "Encode", "Seal", "InterfaceVersion")}


@pytest.mark.parametrize("merchant", [MERCHANT, "002001000000002", "002001000000004"])
@pytest.mark.parametrize("encode", ["base64url", "base64"])
def test_payments_on_the_sandbox_are_matched(
    shop: MovingShop, param: Path, merchant: str, encode: str
) -> None:
    shop.move(param, REFERENCE="server", ENCODE=encode)
    key = param / f"key.{merchant}"
    key.write_text(f"{merchant}_KEY1\n")
    key.chmod(0o600)
    if merchant != MERCHANT:
        (param / f"parmcom.{merchant}").write_text((param / f"parmcom.{MERCHANT}").read_text())
    assert shop.order
    with bank(param) as running:
        addresses = {
            "normal_return_url": f"{running.shop.url}/back",
            "automatic_response_url": f"{running.shop.url}/automatic",
        }
        parameters = {**shop.order.parameters, "merchant_id": merchant, "payment_means": "CB,1"}
        shop.order = Order({**parameters, **addresses, "language": "en"}, shop.order.lines)
        pages = [get(shop.request, query="order=CMD-42").body for _ in range(3)]
        # The second form is paid first: the server's numbers are in another order than the kit's.
        second = pay(running, pages[1])
        assert "Payment accepted" in post(shop.response, **second).body
        assert "Payment refused" in post(shop.response, **pay(running, pages[0], "FAILURE")).body
        assert "Confirmation needed" in post(shop.response, **pay(running, pages[2], "SOFT_DECLINE")).body
        again = pay(running, get(shop.request, query="order=CMD-42").body)
        assert shop.post_response(again).status == 200
        assert shop.post_response(second).status == 200
    with shop.ledger() as ledger:
        states = [t.state for t in transactions(ledger)]
        assert list(differences(ledger, lambda count: None)) == []
    assert states == ["refused", "accepted", "refused", "accepted"]
    assert [(o["transaction_id"], o["return_context"]) for o in shop.outcomes] == [
        (number, CONTEXT) for number in ("000002", "000001", "000003", "000004")
    ]
