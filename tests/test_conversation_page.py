"""What one does with a conversation on the page, in a real Chromium: stop, find, rename, delete, keep, judge it."""

from __future__ import annotations

import pytest
from chromium import NEEDED
from playwright.sync_api import Page, expect
from test_page import FOUND, PHONE, ask, send
from test_page import browser as browser
from test_page import gate as gate
from test_page import visit as visit

pytestmark = NEEDED
SIZES = [{"width": 1280, "height": 800}, PHONE]
size = pytest.mark.parametrize("size", SIZES, ids=["desktop", "phone"])


def on(visit, size, **options) -> Page:
    page: Page = visit(**options)
    page.set_viewport_size(size)
    return page


# --- stopping --------------------------------------------------------------------------------------------------------


@size
def test_stopping_keeps_the_question_and_stores_nothing(visit, gate, lesson_tutor, size):
    before = lesson_tutor.conversations()
    page = on(visit, size)
    send(page, FOUND)
    expect(page.locator("#live .words")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#notice")).to_contain_text("Stopped. Your question was not answered")
    expect(page.locator("#notice [aria-live=polite]")).to_have_count(1)
    expect(page.get_by_label("Your question")).to_have_value(FOUND)
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_enabled()
    expect(page.locator(".exchange")).to_have_count(0)
    gate.release(1000)
    page.get_by_role("button", name="Ask", exact=True).click()  # the next question works at once
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)
    (info,) = {one.id: one for one in lesson_tutor.conversations() if one not in before}.values()
    assert len(lesson_tutor.conversation(info.id).messages) == 1


def test_stopping_works_from_the_keyboard_and_leaves_the_cursor_in_the_box(visit, gate):
    page = visit()
    send(page, FOUND)
    expect(page.locator("#live .words")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()
    gate.release(1000)


def test_a_stopped_follow_up_leaves_the_conversation_as_it_was(visit, gate, lesson_tutor):
    page = visit()
    gate.release(1000)
    ask(page, FOUND)
    while gate.acquire(blocking=False):
        pass
    send(page, "And why?")
    expect(page.locator("#live .words")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#live .exchange")).to_have_count(0)
    expect(page.locator("#transcript .exchange")).to_have_count(1)
    gate.release(1000)
    assert len(lesson_tutor.conversation(lesson_tutor.conversations()[0].id).messages) == 1
