"""What somebody types into the page is in no log."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from chromium import NEEDED, launched
from playwright.sync_api import Page, expect
from serving import serving

from tutor.embedder import Embedder
from tutor.settings import Settings
from tutor.tutor import Tutor

WORD = "Quittenmarmelade"
pytestmark = NEEDED


@pytest.fixture
def own(tmp_path: Path, prepared: Path, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor of the test's own, with the bundled course."""
    shutil.copytree(prepared, tmp_path / "page")
    with Tutor.open(Settings.load(home=tmp_path / "page")) as tutor:
        tutor.loaded.embedder = embedder
        tutor.warm()
        yield tutor


def ask(page: Page, question: str, count: int) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")
    expect(page.locator("#transcript .exchange")).to_have_count(count, timeout=60_000)


def test_no_word_of_a_question_in_the_page_is_logged(own: Tutor, caplog: pytest.LogCaptureFixture) -> None:
    with serving(own) as address, launched() as browser:
        caplog.set_level(logging.DEBUG)
        page = browser.new_page()
        page.goto(address)
        expect(page.locator(".welcome")).to_be_visible(timeout=60_000)
        ask(page, f"When did Mao Zedong die, {WORD}?", 1)
        ask(page, f"What is {WORD}?", 2)
        page.get_by_role("searchbox").first.fill(WORD)
        page.reload()
        assert httpx.get(f"{address}/api/v1/courses").status_code == 200  # which has a line in the log
        expect(page.locator("#transcript .exchange")).to_have_count(2, timeout=60_000)
    asked = [m.answer.question for m in own.conversation(own.conversations()[0].id).messages]
    assert all(WORD in question for question in asked)  # else it would prove nothing
    assert caplog.records
    assert WORD not in caplog.text
