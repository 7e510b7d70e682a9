"""Make the pictures of the READMEs from the demonstration, in Chromium: ``python docs/pictures.py [FOLDER]``.

One picture a language: the pages of a payment, side by side as on a phone.
"""

import argparse
import html
import shutil
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from sogenactif_sandbox.demonstration import demonstration
from sogenactif_sandbox.rules import SIPS_CARDS
from sogenactif_sandbox.serving import serving
from tests.support.browser import browsing, follow, stop_browser
from tests.support.serving import free_port

WINDOW = {"width": 390, "height": 940}
CAPTIONS = {
    "en": ("1. The shop", "2. call_request", "3. The payment server", "4. call_response"),
    "fr": ("1. La boutique", "2. call_request", "3. Le serveur de paiement", "4. call_response"),
}
LOCALES = {"en": "en-GB", "fr": "fr-FR"}
ARTICLES = ("pot", "tea", "tea")
STYLE = """
    body { display: flex; gap: 24px; margin: 0; padding: 24px; width: max-content; background: #dfe5ea;
           font: 600 20px "DejaVu Sans", sans-serif; color: #17212b; }
    figure { margin: 0; } figcaption { padding: 0 0 10px 4px; }
    img { display: block; border-radius: 14px; box-shadow: 0 2px 12px #17212b33; }
"""


def pay(page: Page, shop: str) -> Iterator[bytes]:
    """Buy a few articles and pay them; yield a picture of each page on the way."""
    page.goto(f"{shop}/")
    for article in ARTICLES:
        follow(page.locator(f'button[name="add"][value="{article}"]'))
    yield page.screenshot()
    follow(page.locator('button[formaction="/order"]'))
    follow(page.locator("a.button").first)
    yield page.screenshot()
    follow(page.locator('input[name="CB"]'))
    page.locator("#number").press_sequentially(SIPS_CARDS["accepted"])
    page.locator("#month").select_option("12")
    page.locator("#year").select_option(index=3)
    page.locator("#code").fill("600")
    page.locator("#code").evaluate("field => field.blur()")
    page.locator("header").evaluate("header => header.scrollIntoView()")
    yield page.screenshot()
    follow(page.locator("button.main").first)
    follow(page.locator("button.main").first)
    yield page.screenshot()


def side_by_side(pictures: Iterator[bytes], captions: tuple[str, ...]) -> str:
    """Return a page that shows the pictures in a row, each under its caption."""
    figures = "".join(
        f"<figure><figcaption>{html.escape(caption)}</figcaption>"
        f'<img width="{WINDOW["width"]}" src="data:image/png;base64,{b64encode(picture).decode()}"></figure>'
        for picture, caption in zip(pictures, captions, strict=True)
    )
    return f"<!DOCTYPE html><style>{STYLE}</style>{figures}"


def make_pictures(folder: Path) -> None:
    """Write ``payment.LANGUAGE.png`` for each README into a folder."""
    with TemporaryDirectory() as copy:
        root = Path(copy)
        shutil.copytree(ROOT / "cgi-bin", root / "cgi-bin", ignore=shutil.ignore_patterns("pathfile"))
        for name in ("lib", "templates", "logos"):
            (root / name).symlink_to(ROOT / name)
        port = free_port()
        with serving(demonstration(root, f"http://127.0.0.1:{port}"), port) as shop:
            for language, captions in CAPTIONS.items():
                options = {"viewport": WINDOW, "locale": LOCALES[language], "java_script_enabled": True}
                with browsing(**options) as customer:
                    row = side_by_side(pay(customer.new_page(), shop), captions)
                    page = customer.new_page()
                    page.set_content(row)
                    page.locator("body").screenshot(path=folder / f"payment.{language}.png")
    stop_browser()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the pictures of the READMEs.")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "pictures")
    make_pictures(parser.parse_args().folder)


if __name__ == "__main__":
    main()
