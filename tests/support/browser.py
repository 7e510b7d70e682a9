"""Run a real browser: Debian's Chromium without its windows, with nothing of the network but 127.0.0.1."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.support.vectors import need

# The program, and Debian's package of it.
CHROMIUM = "chromium-headless-shell"
QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# The browser of this process, started when a test first needs it.
_browser: Browser | None = None
_stop: list[Callable[[], None]] = []


@contextmanager
def browsing(**options: Any) -> Iterator[BrowserContext]:
    """Open a new context of the browser; ``options`` are Playwright's (viewport, color_scheme, locale…)."""
    global _browser
    if not _browser:
        chromium = shutil.which(CHROMIUM)
        need(chromium, CHROMIUM)
        playwright = sync_playwright().start()
        _stop.append(playwright.stop)
        _browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
    context = _browser.new_context(**{"java_script_enabled": False, "locale": "en-GB", **options})
    context.set_default_timeout(20_000)
    try:
        yield context
    finally:
        context.close()


def follow(element: Locator) -> None:
    """Click on what leads to another page, and wait until that page is loaded."""
    with element.page.expect_navigation():
        element.click()


def wait_for_page(page: Page, heading: str) -> None:
    """Wait for the page with this heading, with its style sheets and images: the text appears before them."""
    page.get_by_role("heading", name=heading).wait_for()
    page.wait_for_load_state("load")


def stop_browser() -> None:
    """Stop the browser of this process, if one was started."""
    global _browser
    if _browser:
        _browser.close()
        _browser = None
    while _stop:
        _stop.pop()()
