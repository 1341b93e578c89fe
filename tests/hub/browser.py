"""A real browser for journeys through the pages: installed Chromium, headless, cut off from everything but the pages.

Journeys are skipped, with the reason, where no Chromium is to be had.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hub.checking import find_browser

# Chromium talks to its maker at start unless told not to, and does not sandbox itself for root.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, or a skip."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium, or name one in HUB_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def complaints_of(page: Page) -> list[str]:
    """A list that fills with what goes wrong behind the page: script errors, refused content, requests elsewhere."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            found.append(f"console: {message.text}") if message.type in ("error", "warning") else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://localhost", "http://127.0.0.1", "data:"))
            else found.append(f"request: {request.url}")
        ),
    )
    return found
