"""A customer whose bank asks for authentication tries again, in a real browser, on the kit's own pages."""

import re
from pathlib import Path

import pytest

from sogenactif.http import Application
from sogenactif.ledger.history import transactions
from sogenactif.web import Order, dispatch
from sogenactif_sandbox.serving import serving
from tests.support.bank import bank
from tests.support.browser import browsing, follow, wait_for_page
from tests.support.shop import MovingShop

CARD = "4200000000000000"


@pytest.mark.parametrize("reference", ["transactionId", "transactionReference", "server"])
@pytest.mark.browser
def test_second_try_after_a_soft_decline_is_accepted(param: Path, tmp_path: Path, reference: str) -> None:
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    shop.move(param)
    scripts: Application = dispatch(
        call_request=shop.request, call_response=shop.response, call_autoresponse=shop.autoresponse
    )
    with bank(param) as running, serving(scripts) as site, browsing() as browser:
        shop.move(param, URL=f"{running.url}/paymentInit", REFERENCE=reference)
        assert shop.order
        addresses = {
            "normal_return_url": f"{site}/call_response.py",
            "automatic_response_url": f"{site}/call_autoresponse.py",
        }
        means = {"payment_means": "CB,1", "language": "en"}
        shop.order = Order({**shop.order.parameters, **addresses, **means}, shop.order.lines)
        page = browser.new_page()
        page.goto(f"{site}/call_request.py?order=CMD-42")
        for result, heading in (
            ("SOFT_DECLINE", "Confirmation needed"),
            ("SUCCESS", "Payment accepted"),
        ):
            follow(page.get_by_role("button", name="CB"))
            page.get_by_label("Card number").fill(CARD)
            page.get_by_label("Month").select_option("12")
            page.get_by_label("Year").select_option(index=5)
            page.get_by_label("Security code", exact=True).fill("600")
            follow(page.get_by_role("button", name=re.compile("^Pay ")))
            follow(page.get_by_role("button", name=result))
            follow(page.get_by_role("button", name="Return to the shop"))
            wait_for_page(page, heading)
            if result == "SOFT_DECLINE":
                assert page.get_by_text("Your card was not refused").is_visible()
                follow(page.get_by_role("link", name="Try again with strong authentication"))
                wait_for_page(page, "Your order")
    with shop.ledger() as ledger:
        paid = [(t.state, t.fields.get("fraudData.challengeMode3DS")) for t in transactions(ledger)]
    assert paid == [("refused", None), ("accepted", "CHALLENGE")]
    assert [outcome.outcome for outcome in shop.outcomes] == ["refused", "accepted"]
