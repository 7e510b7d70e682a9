"""The demonstration shop's back office: one page that gives money back, over HTTP and through the sandbox."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from sogenactif_sandbox.serving import serving
from sogenactif_sandbox.shop import Shop
from tests.support.bank import HttpReply, send
from tests.support.office import OfficeShop, office_shop


class Desk:
    """A merchant's browser at the back office."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookie = ""

    def page(self) -> HttpReply:
        answer = send(f"{self.url}/back-office", accept_language="en", cookie=self.cookie)
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer

    def form(self, page: HttpReply, reference: str) -> dict[str, str]:
        """The fields of the form that refunds a transaction."""
        [form] = [
            one for one in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if f'"{reference}"' in one
        ]
        return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}

    def refund(self, form: dict[str, str], **headers: str) -> HttpReply:
        headers = {"cookie": self.cookie, "accept_language": "en", **headers}
        return send(f"{self.url}/back-office/refund", form, **headers)


@pytest.fixture
def shop(param: Path) -> Iterator[OfficeShop]:
    with office_shop(param) as running:
        yield running


@pytest.fixture
def desk(shop: OfficeShop, tmp_path: Path) -> Iterator[Desk]:
    with serving(Shop(str(tmp_path / "shop.db"), shop.pathfile)) as url:
        yield Desk(url)


def test_payment_is_refunded_in_part_and_then_in_full(shop: OfficeShop, desk: Desk) -> None:
    reference = shop.arrive()
    form = desk.form(desk.page(), reference)
    assert form["amount"] == "12.50"
    assert desk.refund({**form, "amount": "2,50"}).location == "/back-office"
    page = desk.page()
    assert "€2.50" in page.text
    form = desk.form(page, reference)
    assert form["amount"] == "10.00"
    assert desk.refund(form).status == 303
    assert shop.operations() == [("cancel", 250), ("cancel", 1000)]
    assert shop.row(reference).given_back == 1250
    assert "<form" not in desk.page().text


def test_form_posted_twice_refunds_once(shop: OfficeShop, desk: Desk) -> None:
    reference = shop.arrive()
    form = {**desk.form(desk.page(), reference), "amount": "2.50"}
    assert [desk.refund(form).status for _ in range(2)] == [303, 409]
    assert shop.operations() == [("cancel", 250)]


def test_post_without_the_token_of_the_session_refunds_nothing(shop: OfficeShop, desk: Desk) -> None:
    reference = shop.arrive()
    form = desk.form(desk.page(), reference)
    without = {name: value for name, value in form.items() if name != "token"}
    assert desk.refund(without).status == 403
    assert desk.refund(form, cookie="").status == 403
    assert desk.refund(form, cookie=f"back_office={'0' * 32}").status == 403
    assert desk.refund({**form, "token": "é"}).status == 403
    assert send(f"{desk.url}/back-office/refund", method="GET").status == 405
    assert shop.operations() == []


@pytest.mark.parametrize("amount", ["", "0", "-1", "1e3", "12.505", "٣", "9" * 20])
def test_invalid_amount_refunds_nothing(shop: OfficeShop, desk: Desk, amount: str) -> None:
    reference = shop.arrive()
    form = desk.form(desk.page(), reference)
    refused = desk.refund({**form, "amount": amount})
    assert (refused.status, "This amount is not valid: nothing was refunded." in refused.text) == (400, True)
    assert shop.operations() == []


@pytest.mark.parametrize("change", [{"reference": "20260101-000001"}, {"reference": "x"}, {"merchant": "1"}])
def test_unknown_payment_is_not_refunded(shop: OfficeShop, desk: Desk, change: dict[str, str]) -> None:
    shop.arrive()
    reference = shop.arrive("CMD43")
    assert desk.refund({**desk.form(desk.page(), reference), **change}).status == 409
    assert shop.operations() == []


def test_refused_and_unknown_results_are_shown_and_nothing_is_refunded_twice(
    shop: OfficeShop, desk: Desk
) -> None:
    reference = shop.arrive()
    form = desk.form(desk.page(), reference)
    refused = desk.refund({**form, "amount": "12.51"})
    assert (refused.status, "nothing was refunded" in refused.text) == (409, True)
    shop.bank.console("office", {"office": "silent", "messages": "operations"})
    lost = desk.refund(form)
    assert (lost.status, "The result is not known" in lost.text) == (502, True)
    shop.bank.console("office", {})
    assert desk.refund(form).status == 303
    assert shop.operations() == [("cancel", 1250)]


def test_payment_of_sips_has_no_refund_form(shop: OfficeShop, desk: Desk) -> None:
    reference = shop.arrive()
    with shop.ledger() as ledger, ledger.database.transaction() as execute:
        execute("UPDATE sogenactif_request SET protocol = 'sips'")
    page = desk.page()
    assert reference in page.text and "<form" not in page.text
    assert "bank’s back office" in page.text
