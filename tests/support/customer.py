"""What a customer does in a browser."""

import re

from playwright.sync_api import Page

from tests.support.browser import follow

ACCEPTED, REFUSED = "4974934125497800", "4972187615209905"


def put_in_order(page: Page, shop: str) -> str:
    """Buy an article at the shop, up to the page of the order; return its reference."""
    page.goto(f"{shop}/")
    follow(page.get_by_role("button", name="Add Green tea"))
    follow(page.get_by_role("button", name="Order"))
    return page.url.rsplit("/", 1)[1]


def place_order(page: Page, shop: str) -> str:
    """Buy an article at the shop, up to the page with the means of payment; return the order's reference."""
    reference = put_in_order(page, shop)
    follow(page.get_by_role("link", name="Pay", exact=True))
    page.get_by_text(reference).wait_for()
    return reference


def give_card(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label(re.compile("month", re.I)).select_option("12")
    page.get_by_label(re.compile("year", re.I)).select_option(index=3)
    page.get_by_label(re.compile("security code", re.I)).fill("600")
    follow(page.get_by_role("button", name=re.compile("confirm|^pay ", re.I)))
    authenticated = page.get_by_role("button", name="SUCCESS")
    if authenticated.count():  # Paypage asks for the result of the authentication
        follow(authenticated)
