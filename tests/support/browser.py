"""A real browser: Debian's Chromium, headless, and nothing of the network but 127.0.0.1."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, sync_playwright

from tests.support.vectors import need

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def browsing(**options: Any) -> Iterator[BrowserContext]:
    """A browser's fresh context; ``options`` are Playwright's (viewport, color_scheme, locale…)."""
    chromium = shutil.which("chromium")
    need(chromium, "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        context = browser.new_context(**{"java_script_enabled": False, "locale": "en-GB", **options})
        context.set_default_timeout(20_000)
        yield context
        browser.close()
