"""The pages in a real browser, with the names, titles and amounts that shops write."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from installer.configure import prepare
from sogenactif.configuration import SIPS, Pathfile
from sogenactif.instalments import Instalment
from sogenactif.pages import report, request_page, response_page
from sogenactif.payment import PaymentRequest, PaymentResponse
from sogenactif_sandbox.commands.preview import SHOWN, preview
from sogenactif_sandbox.shop import Shop
from tests.support.browser import browsing

TITLES = [
    "Tea",
    "TEAPOT_CAST_IRON_BLACK_1200ML",
    "Kinderwagenregenschutzhülle",
    "x" * 80,
    "A cast-iron teapot with a wooden handle, " * 5,
]
SHOP_NAME = "A shop’s name_without_any_blank_in_it " * 4
ORDER = "W" * 32
AMOUNT = "123456789012"
SCHEDULE = [Instalment(date(2026, 9, 30), 4800 * 10**place) for place in range(9)]
WIDTHS, SCHEMES = [320, 390, 1280], ["light", "dark"]
LINES_OF_TEXT = """cell => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    return new Set([...text.getClientRects()].map(line => line.top)).size;
}"""
# The texts that stick out of the window.
OUTSIDE = """[...document.querySelectorAll("body *")]
    .filter(element => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(element => element.outerHTML.slice(0, 80))"""
# The words of labels and buttons that are broken: none has more letters than a line of a phone.
BROKEN_WORDS = """[...document.querySelectorAll("th, dt, label, button, a, h1, h2")].flatMap(element => {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), broken = [];
    while (texts.nextNode())
        for (const word of texts.currentNode.textContent.matchAll(/(?<![\\p{L}_])\\p{L}+(?![\\p{L}_])/gu)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, word.index);
            range.setEnd(texts.currentNode, word.index + word[0].length);
            const lines = new Set([...range.getClientRects()].map(line => line.top));
            if (lines.size > 1 && word[0].length < 20) broken.push(word[0]);
        }
    return broken;
})"""
# What is too small for a finger, or doesn't show that it has the focus.
HARD_TO_REACH = """[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")]
    .filter(element => element.checkVisibility())
    .filter(element => {
        element.focus({focusVisible: true});
        const {width, height} = (element.closest("label.choice") ?? element).getBoundingClientRect();
        const {outlineStyle, outlineWidth} = getComputedStyle(element);
        return width < 24 || height < 24 || outlineStyle === "none" || parseFloat(outlineWidth) < 2;
    })
    .map(element => element.outerHTML.slice(0, 80))"""


def look(shown: Any, html: bytes, amounts: int, cells: str = ".amount") -> None:
    """Check that no amount and no word of the pages' own is broken, and that nothing sticks out of the window."""
    shown.set_content(html.decode())
    found = shown.locator(cells).all()
    assert [cell.evaluate(LINES_OF_TEXT) for cell in found] == [1] * amounts
    assert shown.evaluate(OUTSIDE) == []
    assert shown.evaluate(BROKEN_WORDS) == []
    assert shown.evaluate(HARD_TO_REACH) == []


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_amounts_are_not_wrapped_and_long_titles_fit_the_window(width: int, scheme: str) -> None:
    lines = [(title, 4800 * 10**place) for place, title in enumerate(TITLES)]
    fields = {
        "currency_code": "978",
        "amount": AMOUNT,
        "order_id": ORDER,
        "transaction_id": "123456",
        "language": "en",
        "block_align": "center",
        "header_flag": "no",
    }
    debug = report("Request", [("parmcom", {title: title for title in TITLES})])
    pathfile = Pathfile("pathfile", {"SHOP_NAME": SHOP_NAME, "SHOP_URL": "https://shop.example/"})
    request = request_page(
        PaymentRequest(SIPS, "https://payment.example/", fields, (), {"": {"DATA": "0"}}), pathfile,
        lines=lines, schedule=SCHEDULE, under_way="waiting", report=debug,
    ).html  # fmt: skip
    response = response_page(
        PaymentResponse(fields), pathfile, language="de", state="accepted", reason="", schedule=SCHEDULE,
        next_page="/", retry_page="/", report=debug,
    ).html  # fmt: skip
    window = {"width": width, "height": 800}
    with browsing(viewport=window, color_scheme=scheme, java_script_enabled=True) as browser:
        shown = browser.new_page()
        look(shown, request, len(TITLES) + 1 + len(SCHEDULE), "td.amount")
        look(shown, response, 1 + len(SCHEDULE), "td.amount")


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_pages_of_the_demonstration_fit_the_window_with_any_title(
    width: int, scheme: str, tmp_path: Path
) -> None:
    (tmp_path / "cgi-bin").mkdir()
    pathfile = prepare(tmp_path, "http://127.0.0.1:8080", "http://127.0.0.1:8080/payment", name=SHOP_NAME)
    database = str(tmp_path / "var" / "data" / "shop.db")
    with closing(sqlite3.connect(database)) as shop, shop:
        shop.executemany("INSERT INTO lines VALUES ('TRIAL', ?, 123456789)", [(title,) for title in TITLES])
    client = Shop(database, pathfile, ["3-d-secure", "three-times", "paypage"]).test_client()
    window = {"width": width, "height": 800}
    with browsing(viewport=window, color_scheme=scheme, java_script_enabled=True) as browser:
        shown = browser.new_page()
        look(shown, client.get("/order/TRIAL").data, len(TITLES) + 2, "td.amount")
        client.set_cookie("basket", "tea9.pot9.cup9.sample9")
        look(shown, client.get("/", headers={"Accept-Language": "de"}).data, 9, "td.amount")


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_pages_of_the_sandbox_fit_the_window_with_any_shop_and_order(
    width: int, scheme: str, tmp_path: Path
) -> None:
    fields = {
        "amount": AMOUNT,
        "order_id": ORDER,
        "capture_mode": "PAYMENT_N",
        "data": "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=15000",
        "normal_return_url": f"https://{'long-' * 12}.shop.example:8443/return",
        "receipt_complement": f"<tr><td>{'x' * 60}</td><td>{'y' * 60}</td></tr>",
    }
    cells = ".amount dd, .amount td, .part-of-amount dd, .part-of-amount > span"
    window = {"width": width, "height": 800}
    with browsing(viewport=window, color_scheme=scheme, java_script_enabled=True) as browser:
        shown = browser.new_page()
        for name in SHOWN:
            file = tmp_path / "page.html"
            file.write_bytes(preview(name, fields | {"language": "fr"}, name=SHOP_NAME))
            shown.goto(file.as_uri())
            found = shown.locator(cells).all()
            assert {cell.evaluate(LINES_OF_TEXT) for cell in found} <= {1}, name
            assert found or name in ("refused", "tries", "processed", "security", "invalid", "forbidden")
            assert shown.evaluate(OUTSIDE) == [], name
            assert shown.evaluate(BROKEN_WORDS) == [], name
            assert shown.evaluate(HARD_TO_REACH) == [], name
