"""Pages of the kit in a real browser, with the titles that shops write."""

from datetime import date

import pytest

from sogenactif.instalments import Instalment
from sogenactif.pages import page
from tests.support.browser import browsing

TITLES = [
    "Tea",
    "TEAPOT_CAST_IRON_BLACK_1200ML",
    "Kinderwagenregenschutzhülle",
    "x" * 80,
    "A cast-iron teapot with a wooden handle, " * 5,
]
LINES_OF_TEXT = """cell => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    return new Set([...text.getClientRects()].map(line => line.top)).size;
}"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_amounts_never_break_and_titles_always_may(width: int, scheme: str) -> None:
    fields = {"currency_code": "978", "amount": "12345678", "order_id": "y" * 32}
    lines = [(title, 4800 * 10**place) for place, title in enumerate(TITLES)]
    html = page(
        "call_request.html",
        "en",
        "n",
        "A shop’s name " * 9,
        "https://shop.example/",
        action="",
        fields=fields,
        lines=lines,
        schedule=[Instalment(date(2026, 9, 30), 4800 * 10**place) for place in range(9)],
        choice=True,
        under_way="waiting",
        form="",
        report="",
    )
    window = {"width": width, "height": 800}
    with browsing(viewport=window, color_scheme=scheme, java_script_enabled=True) as browser:
        shown = browser.new_page()
        shown.set_content(html.decode())
        amounts = shown.locator("td.amount").all()
        assert [amount.evaluate(LINES_OF_TEXT) for amount in amounts] == [1] * (len(TITLES) + 1 + 9)
        table = shown.locator("table").first.bounding_box()
        assert table and table["x"] + table["width"] <= width
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
