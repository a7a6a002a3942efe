"""The Chromium that the page tests drive, where this machine has one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NEEDED = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason="no Chromium on this machine: install chromium, or set CHROMIUM to its path"
    ),
]
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


@contextmanager
def launched() -> Iterator[Browser]:
    """Yield a browser; Playwright's loop runs while the block does."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES, timeout=120_000)
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Yield what opens the file at ``address``; afterwards, nothing may have run, been asked for or complained of."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(width: int = 1280, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: request.url == address or wrong.append(f"request to {request.url[:80]}"))
        page.on("pageerror", lambda error: wrong.append(f"script error {error}"))
        page.on("console", lambda message: wrong.append(f"console {message.text}"))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
