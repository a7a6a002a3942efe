"""The chat page in a real Chromium, against a real server over the bundled course."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chromium import NEEDED, launched
from playwright.sync_api import Browser, BrowserContext, Page, expect
from scripted import StatusError, scripted

from tutor import chat
from tutor.errors import NotReady
from tutor.tutor import Tutor
from tutor.types import Answer, Citation

FOUND = "How many people died in the famine?"
NOT_FOUND = "Who was president of the United States in 1960?"
pytestmark = NEEDED
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser(live_server: str) -> Iterator[Browser]:  # Playwright's loop runs from here on: the server goes first
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, live_server: str) -> Iterator[Callable[..., Page]]:
    """Open the page as a new visitor; afterwards, nothing may have run that should not or come from elsewhere."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def check(url: str) -> None:
        if not url.startswith((live_server, "data:", "blob:")):
            wrong.append(f"request to {url}")

    def opened(**options: object) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: check(request.url))
        page.on("websocket", lambda socket: check(socket.url))
        page.on("pageerror", lambda error: wrong.append(f"script error {error}"))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(live_server)
        expect(page.locator(".welcome")).to_be_visible(timeout=30_000)
        return page

    expect.set_options(timeout=15_000)
    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def gate(lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Holds the answer back after each piece until it is released."""
    stream, pieces = lesson_tutor.stream, threading.Semaphore(0)

    def held(*args: Any, **kwargs: Any) -> Iterator[str | Answer]:
        for piece in stream(*args, **kwargs):
            yield piece
            pieces.acquire(timeout=20)

    monkeypatch.setattr(lesson_tutor, "stream", held)
    return pieces


def send(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")


def ask(page: Page, question: str) -> None:
    """Send a question and wait for the finished answer."""
    before = page.locator("#transcript .exchange").count()
    send(page, question)
    expect(page.locator("#transcript .exchange")).to_have_count(before + 1)
    expect(page.locator("#live .exchange")).to_have_count(0)


def latest(tutor: Tutor) -> Answer:
    return tutor.conversation(tutor.conversations()[0].id).messages[-1].answer


def expect_highlight(page: Page, citation: Citation) -> None:
    """Check that the source is open and that exactly the quote is marked as the one that was opened, and seen."""
    panel = page.get_by_role("complementary", name=f"Source: {citation.title}")
    expect(panel).to_be_visible()
    mark = panel.locator("mark.active")
    expect(mark).to_be_in_viewport(ratio=1)
    assert mark.text_content() == citation.quote
    seen, shown = mark.bounding_box(), panel.locator(".text").bounding_box()
    assert seen and shown
    assert shown["y"] <= seen["y"] and seen["y"] + seen["height"] <= shown["y"] + shown["height"]


def test_an_answer_grows_as_it_arrives(visit, gate):
    page = visit()
    send(page, FOUND)
    words, seen = page.locator("#live .words"), [""]
    for _ in range(3):
        expect(words).not_to_have_text(seen[-1])
        seen.append((words.text_content() or "").strip())
        gate.release()
    gate.release(100)
    expect(page.locator("#transcript .words")).to_contain_text(seen[-1])
    assert seen[1] < seen[2] < seen[3]
    assert seen[3].startswith(seen[2]) and seen[2].startswith(seen[1])


def test_no_second_question_is_sent_while_one_is_answered(visit, gate):
    page = visit()
    send(page, FOUND)
    expect(page.locator("#live .words")).to_be_visible()
    expect(page.get_by_role("button", name="Ask", exact=True)).to_have_count(0)
    expect(page.get_by_label("Your question")).to_be_disabled()
    gate.release(100)
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_enabled()
    expect(page.locator("#transcript .exchange")).to_have_count(1)


def test_a_marker_opens_its_source_at_the_quote(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    citation = latest(lesson_tutor).citations[0]
    page.locator(".words").get_by_role("button", name="Source 1:").click()
    expect_highlight(page, citation)
    expect(page.locator(".panel .path")).to_have_text((citation.section or "").split(" › ")[-1])


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE])
def test_only_its_parts_scroll_and_never_the_page(visit, size):
    page = visit()
    page.set_viewport_size(size)
    ask(page, FOUND)
    whole = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert whole == [size["width"], size["height"]]


def test_a_source_opens_with_the_heading_of_the_quote_in_view(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    page.locator(".words").get_by_role("button", name="Source 1:").click()
    heading = (latest(lesson_tutor).citations[0].section or "").split(" › ")[-1]
    expect(page.locator(".panel .text").get_by_role("heading", name=heading)).to_be_in_viewport(ratio=1)


def test_a_marker_works_from_the_keyboard_and_escape_returns_to_it(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    marker = page.locator(".words").get_by_role("button", name="Source 1:")
    marker.focus()
    page.keyboard.press("Enter")
    expect_highlight(page, latest(lesson_tutor).citations[0])
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(marker).to_be_focused()


def test_the_same_marker_opens_again_after_closing(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    marker = page.locator(".words").get_by_role("button", name="Source 1:")
    marker.click()
    page.get_by_role("button", name="Close the source").click()
    expect(page.locator("#source")).to_be_hidden()
    marker.click()
    expect_highlight(page, latest(lesson_tutor).citations[0])


def test_a_reload_keeps_the_conversation_and_its_markers(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    citation = latest(lesson_tutor).citations[0]
    page.reload()
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)
    page.locator(".words").get_by_role("button", name="Source 1:").click()
    expect_highlight(page, citation)


def test_a_refusal_shows_what_comes_closest(visit, lesson_tutor):
    page = visit()
    ask(page, NOT_FOUND)
    expect(page.get_by_role("heading", name="Closest in the course")).to_be_visible()
    nearest = latest(lesson_tutor).nearest[0]
    page.locator(".near").first.click()
    expect_highlight(page, nearest)


def test_a_follow_up_shows_how_it_was_understood(visit, lesson_tutor):
    page = visit()
    ask(page, "What did the propaganda say about pumpkins?")
    ask(page, "And how heavy were they?")
    expect(page.locator(".understood")).to_contain_text(latest(lesson_tutor).standalone_question)


def test_what_was_understood_can_be_changed(visit, lesson_tutor):
    page = visit()
    ask(page, "What did the propaganda say about pumpkins?")
    ask(page, "And how heavy were they?")
    page.get_by_role("button", name="Change it").click()
    box = page.locator("#question textarea")
    expect(box).to_have_value(latest(lesson_tutor).standalone_question)
    expect(box).to_be_focused()
    box.press("Enter")
    expect(page.locator("#transcript .question")).to_have_count(3)


def test_a_suggested_question_is_asked_by_a_click(visit):
    page = visit()
    first = page.locator(".welcome .ask").first
    question = first.inner_text()
    first.click()
    expect(page.locator("#transcript .question")).to_contain_text(question)


def test_a_new_conversation_is_empty_and_the_old_one_can_be_reopened(visit):
    page = visit()
    ask(page, FOUND)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".exchange")).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()
    page.get_by_role("navigation", name="Earlier conversations").get_by_role("button").first.click()
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)


def test_the_keyboard_passes_the_course_by_without_losing_the_conversation(visit):
    page = visit()
    ask(page, FOUND)
    page.get_by_role("combobox", name="Course").focus()
    expect(page.get_by_role("listbox")).to_be_visible()
    with page.expect_response("**/queue/join*"):  # Gradio reports the course that was not changed
        page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.get_by_role("button", name="Course material")).to_be_focused()
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)


def test_reopening_a_conversation_puts_the_cursor_where_the_next_question_goes(visit):
    page = visit()
    ask(page, FOUND)
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("navigation", name="Earlier conversations").get_by_role("button").first.press("Enter")
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)
    expect(page.get_by_label("Your question")).to_be_focused()


def test_escape_closes_the_menu_of_a_phone_and_returns_to_its_button(visit):
    page = visit()
    page.set_viewport_size(PHONE)
    menu = page.get_by_role("button", name="Menu", exact=True)
    menu.press("Enter")
    expect(page.get_by_role("button", name="Close the menu")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#rail")).to_be_hidden()
    expect(menu).to_be_focused()


def test_escape_in_the_course_list_closes_only_the_list(visit):
    page = visit()
    ask(page, FOUND)
    page.locator(".words .cite").first.click()
    expect(page.locator("#source")).to_be_visible()
    page.get_by_role("combobox", name="Course").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("#source")).to_be_visible()


def test_an_empty_question_is_not_sent(visit, lesson_tutor):
    page = visit()
    before = lesson_tutor.conversations()
    send(page, "   ")
    expect(page.locator("#notice")).to_contain_text("Type a question first")
    assert lesson_tutor.conversations() == before


def test_a_failure_is_said_in_one_line_and_keeps_the_question(visit, lesson_tutor, monkeypatch):
    def failing(*args, **kwargs):
        raise NotReady("The disk is full. Free some space and ask again.")
        yield

    page = visit()
    monkeypatch.setattr(lesson_tutor, "stream", failing)
    send(page, FOUND)
    expect(page.locator("#notice")).to_have_text("The disk is full. Free some space and ask again.")
    expect(page.get_by_label("Your question")).to_have_value(FOUND)
    monkeypatch.undo()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)


def test_the_page_says_that_the_tutor_is_warming_up_until_it_is_ready(visit, lesson_tutor, monkeypatch):
    page = visit()
    monkeypatch.setattr(lesson_tutor.loaded, "ready", False)
    page.reload()
    notice = page.get_by_text("The tutor is warming up…")
    expect(notice).to_be_visible()
    monkeypatch.undo()
    expect(notice).to_have_count(0)


def test_a_start_that_failed_says_what_to_do_instead_of_warming_up(visit, lesson_tutor, monkeypatch):
    page = visit()
    monkeypatch.setattr(lesson_tutor.loaded, "ready", False)
    page.reload()
    expect(page.get_by_text("The tutor is warming up…")).to_be_visible()
    monkeypatch.setattr(lesson_tutor.loaded, "trouble", "The disk is full. Free some space.")
    expect(page.locator("#composer .notice.error")).to_have_text(
        "The tutor could not get ready, so it cannot answer yet. This is what is wrong, and what helps: "
        "The disk is full. Free some space. Then start the tutor again and reload this page."
    )
    expect(page.get_by_text("The tutor is warming up…")).to_have_count(0)


def test_a_page_opened_after_a_failed_start_says_so_at_once(visit, lesson_tutor, monkeypatch):
    page = visit()
    monkeypatch.setattr(lesson_tutor.loaded, "ready", False)
    monkeypatch.setattr(lesson_tutor.loaded, "trouble", "The disk is full. Free some space.")
    page.reload()
    expect(page.locator("#composer .notice.error")).to_contain_text("The disk is full. Free some space.")


def test_a_finished_answer_is_announced_once(visit):
    page = visit()
    said = page.locator("#announced [aria-live=polite]")
    ask(page, FOUND)
    expect(said).to_contain_text("Answer:")
    assert page.locator("#transcript [aria-live], #live [aria-live]").count() == 0


@pytest.mark.parametrize(
    "question",
    [
        "<img src=x onerror=\"document.title='ran'\">",
        "[x](javascript:alert(1)) ![y](http://evil.test/y.png)",
        "<script>alert(1)</script> ${alert(2)} {{alert(3)}}",
    ],
)
def test_a_hostile_question_is_only_shown(visit, question):
    page = visit()
    ask(page, question)
    expect(page.locator("#transcript .question")).to_contain_text(question)
    page.reload()
    expect(page.locator("#transcript .question")).to_contain_text(question)
    assert page.locator("#app :is(img, a, script, iframe)").count() == 0
    assert page.title() == "Tutor"


def test_on_a_phone_the_source_covers_the_conversation_until_it_is_closed(visit, lesson_tutor):
    page = visit(has_touch=True, reduced_motion="reduce")
    page.set_viewport_size(PHONE)
    ask(page, FOUND)
    page.locator(".words").get_by_role("button", name="Source 1:").tap()
    expect_highlight(page, latest(lesson_tutor).citations[0])
    box = page.locator("#source").bounding_box()
    assert box and (box["x"], box["width"], box["height"]) == (0, PHONE["width"], PHONE["height"])
    page.get_by_role("button", name="Close the source").tap()
    expect(page.locator("#source")).to_be_hidden()
    expect(page.locator("#transcript .question")).to_be_in_viewport()


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE, {"width": 320, "height": 640}])
def test_nothing_is_wider_than_the_window(visit, size):
    page = visit()
    page.set_viewport_size(size)
    ask(page, "W" * 1_500)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate("document.getElementById('thread').scrollWidth") <= size["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_in_light_and_dark(visit, scheme):
    page = visit(color_scheme=scheme)
    ask(page, FOUND)
    page.locator(".words").get_by_role("button", name="Source 1:").click()
    expect(page.locator("mark.active")).to_be_visible()
    for selector in (
        ".words",
        ".question",
        ".support",
        ".chip",
        ".panel .text",
        ".panel .path",
        "mark.active",
        "#send",
        "h3",
    ):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector


CONTRAST = """selector => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const part = c[i] / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const element = document.querySelector(selector);
  let behind = element;
  while ((rgb(getComputedStyle(behind).backgroundColor)[3] ?? 1) < 1) behind = behind.parentElement;
  const pair = [rgb(getComputedStyle(element).color), rgb(getComputedStyle(behind).backgroundColor)].map(light).sort();
  return (pair[1] + 0.05) / (pair[0] + 0.05);
}"""


@pytest.fixture
def says(lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a scripted chat model phrase the answers."""
    monkeypatch.setattr(chat, "LONGEST_WAIT", 0.01)

    def says(*replies: str | Exception | float) -> None:
        monkeypatch.setattr(lesson_tutor, "chat", chat.Chat(scripted(*replies), "fake:model", 20.0, 20.0))

    return says


def test_what_a_chat_model_says_is_shown_as_checked_with_its_source(visit, says, lesson_tutor):
    says("The metal from the backyard furnaces was worthless scrap [2]. Stalin ate it all for breakfast [1].")
    page = visit()
    ask(page, "What came out of the backyard furnaces?")
    shown = page.locator("#transcript .exchange").last
    expect(shown).to_contain_text("The metal from the backyard furnaces was worthless scrap")
    expect(shown).not_to_contain_text("breakfast")
    expect(shown).to_contain_text("One sentence was left out because the course does not support it.")
    answer = latest(lesson_tutor)
    assert answer.answerer == "fake:model"
    shown.locator("button.cite").first.click()
    expect_highlight(page, answer.citations[0])


def test_the_page_says_that_a_chat_model_failed_and_quotes_the_course(visit, says):
    says(StatusError(401))
    page = visit()
    ask(page, FOUND)
    shown = page.locator("#transcript .exchange").last
    expect(shown).to_contain_text("In the course’s own words")
    expect(shown.locator(".note")).to_contain_text("quoted from the course")
