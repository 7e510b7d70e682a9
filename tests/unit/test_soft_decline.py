"""A payment refused only because authentication was missing: the customer's page, and the next request."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sogenactif import Kit
from sogenactif.configuration import read_pathfile
from sogenactif.ledger.history import transactions
from sogenactif.protocols import paypage
from sogenactif.texts import TEXTS
from sogenactif.web import Order, call_response
from tests.support.paypage import sealed
from tests.support.shop import HttpReply, MovingShop, Shop, ask
from tests.support.vectors import MERCHANT, use_paypage

KEY = "fraudData.challengeMode3DS"
SOFT = {"responseCode": "05", "acquirerResponseCode": "A1", "authorisationId": ""}
SCRIPT = {"SCRIPT_NAME": "/cgi-bin/call_response.py"}


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> MovingShop:
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    shop.move(param)
    return shop


def come_back(shop: Shop, fields: dict[str, str], **environ: str) -> HttpReply:
    return ask(shop.response, "POST", body=urlencode(fields).encode(), **{**SCRIPT, **environ})


def challenges(shop: MovingShop, page: str) -> set[str | None]:
    """Return how the forms of a page ask for authentication."""
    names = ("Data", "Seal", "Encode")
    forms = [
        dict(re.findall(r'name="(Data|Seal|Encode)" value="([^"]*)"', form)) for form in page.split("<form")
    ]
    posts = [{name: unescape(form[name]) for name in names} for form in forms if form]
    return {paypage.open_sealed(post, shop.pathfile, "HMAC-SHA-256")[0].get(KEY) for post in posts}


def requested(shop: MovingShop, **parameters: str) -> set[str | None]:
    """Return how the next request of the order, with these parameters besides, asks for authentication."""
    assert shop.order
    before, shop.order = shop.order, Order({**shop.order.parameters, **parameters})
    page = ask(shop.request, query="order=CMD-42")
    shop.order = before
    assert page.status == 200, page.log
    return challenges(shop, page.body)


@pytest.mark.parametrize("language", ["fr", "en", "ge", "sp", "it"])
def test_page_of_a_soft_decline_explains_it_and_offers_a_retry(shop: MovingShop, language: str) -> None:
    assert shop.order
    shop.order = Order({**shop.order.parameters, "language": language})
    page = come_back(shop, shop.paypage_post(shop.show_form(), **SOFT))
    texts = TEXTS[language]
    assert page.status == 200
    body = unescape(page.body)
    assert f'<h1 class="soft_decline">{texts["soft_decline"]}</h1>' in body
    assert texts["soft_decline_text"] in body and texts["refused"] not in body
    assert f'href="call_request.py?order=CMD-42">{texts["retry"]}<' in body
    assert 'href="/order/CMD-42"' in body
    assert [outcome.outcome for outcome in shop.outcomes] == ["refused"]


def test_next_request_of_the_order_asks_for_authentication(shop: MovingShop) -> None:
    assert requested(shop) == {None}
    come_back(shop, shop.paypage_post(shop.show_form(), **SOFT))
    assert requested(shop) == {"CHALLENGE"}
    assert requested(shop) == {"CHALLENGE"}
    assert requested(shop, order_id="CMD-43") == {None}
    with shop.ledger() as ledger:
        recorded = [transaction.fields.get(KEY) for transaction in transactions(ledger)]
        written = [e["fields"].get(KEY) for e in ledger.journal.entries() if e["kind"] == "request"]
    assert recorded == written == [None, None, "CHALLENGE", "CHALLENGE", None]


def test_request_of_the_python_api_asks_for_authentication(shop: MovingShop) -> None:
    assert shop.order
    kit = Kit(shop.pathfile.path)
    number = kit.request(**shop.order.parameters).transaction_id
    response = kit.receive(shop.paypage_post(number, **SOFT))
    assert response.soft_decline
    assert kit.request(**shop.order.parameters).fields[KEY] == "CHALLENGE"


def test_automatic_response_makes_the_next_request_ask_for_authentication(shop: MovingShop) -> None:
    shop.post_response(shop.paypage_post(shop.show_form(), **SOFT))
    assert requested(shop) == {"CHALLENGE"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CHALLENGE_MANDATE", "CHALLENGE_MANDATE"),
        ("CHALLENGE", "CHALLENGE"),
        ("NO_CHALLENGE", "CHALLENGE"),
        ("NO_CHALLENGE_TRA_ACQ", "CHALLENGE"),
        ("NO_PREFERENCE", "CHALLENGE"),
    ],
)
def test_exemption_requested_by_the_shop_is_replaced_after_a_soft_decline(
    shop: MovingShop, given: str, expected: str
) -> None:
    assert requested(shop, **{KEY: given}) == {given}
    shop.post_response(shop.paypage_post(shop.show_form(), **SOFT))
    assert requested(shop, **{KEY: given}) == {expected}


@pytest.mark.parametrize(
    "said",
    [
        {"responseCode": "05", "acquirerResponseCode": "05", "authorisationId": ""},
        {"responseCode": "00", "acquirerResponseCode": "A1"},
        {"responseCode": "17", "acquirerResponseCode": "A1", "authorisationId": ""},
        {**SOFT, "amount": "1"},
        {**SOFT, "orderId": "CMD-43"},
    ],
)
def test_other_response_does_not_ask_for_authentication(shop: MovingShop, said: dict[str, str]) -> None:
    page = come_back(shop, shop.paypage_post(shop.show_form(), **said))
    assert "soft_decline" not in page.body and "authentification forte" not in page.body
    assert requested(shop) == {None}


def test_forged_soft_decline_does_not_ask_for_authentication(shop: MovingShop) -> None:
    assert come_back(shop, shop.paypage_post(shop.show_form(), **SOFT) | {"Seal": "0" * 64}).status == 403
    assert requested(shop) == {None}


def test_second_try_is_accepted_and_the_shop_is_notified(shop: MovingShop) -> None:
    come_back(shop, shop.paypage_post(shop.show_form(), **SOFT))
    page = come_back(shop, shop.paypage_post(shop.show_form()))
    assert TEXTS["fr"]["accepted"] in page.body and "call_request" not in page.body
    assert [outcome.outcome for outcome in shop.outcomes] == ["refused", "accepted"]


@pytest.mark.parametrize(
    ("environ", "link"),
    [
        ({"SCRIPT_NAME": "/cgi-bin", "PATH_INFO": "/call_response"}, 'href="call_request?order=CMD-42"'),
        ({"SCRIPT_NAME": "", "PATH_INFO": "/x/call_response.py"}, 'href="call_request.py?order=CMD-42"'),
        ({"SCRIPT_NAME": "/pay/back"}, ""),
    ],
)
def test_retry_link_leads_to_call_request_beside_the_script(
    shop: MovingShop, environ: dict[str, str], link: str
) -> None:
    page = come_back(shop, shop.paypage_post(shop.show_form(), **SOFT), **environ)
    assert re.findall(r'href="call_request[^"]*"', page.body) == ([link] if link else [])


def test_order_in_the_retry_link_is_percent_encoded(shop: MovingShop) -> None:
    assert shop.order
    shop.order = Order({**shop.order.parameters, "order_id": "a&b=é/1"})
    page = come_back(shop, shop.paypage_post(shop.show_form(), orderId="a&b=é/1", **SOFT))
    assert 'href="call_request.py?order=a%26b%3D%C3%A9%2F1"' in unescape(page.body)


def test_shop_can_set_the_retry_page(shop: MovingShop) -> None:
    shop.response = call_response(
        lambda response: "/", shop.record_outcome, shop.pathfile.path, lambda r: f"/again/{r['order_id']}"
    )
    page = come_back(shop, shop.paypage_post(shop.show_form(), **SOFT))
    assert 'href="/again/CMD-42"' in page.body


def test_page_without_a_ledger_has_no_retry_link(param: Path, tmp_path: Path) -> None:
    shop = Shop(read_pathfile(use_paypage(param)), tmp_path / "autoresponse.log")
    said = {"merchantId": MERCHANT, "amount": "1250", "orderId": "CMD-42", **SOFT}
    page = come_back(shop, sealed(f"{MERCHANT}_KEY1", **said))
    assert "Your card was not refused" in page.body and "call_request" not in page.body
