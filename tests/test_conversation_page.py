"""What one does with a conversation on the page, in a real Chromium: stop, find, rename, delete, keep, judge it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from chromium import NEEDED
from playwright.sync_api import Page, expect
from scripted import StatusError
from test_citing_page import expect_no_violation
from test_page import CONTRAST, FOUND, PHONE, ask, expect_highlight, latest, send
from test_page import browser as browser
from test_page import gate as gate
from test_page import says as says
from test_page import visit as visit

from tutor.errors import NotReady
from tutor.export import conversation_to_markdown, to_markdown, to_text
from tutor.types import Conversation, Feedback

AXE = os.environ.get("AXE")  # the axe.min.js of the npm package axe-core
pytestmark = NEEDED
SIZES = [{"width": 1280, "height": 800}, PHONE]
size = pytest.mark.parametrize("size", SIZES, ids=["desktop", "phone"])


def on(visit, size, **options) -> Page:
    page: Page = visit(**options)
    page.set_viewport_size(size)
    return page


def expect_no_violations(page: Page) -> None:
    """Check the page as it stands with axe-core, where this machine has it."""
    if AXE:
        expect_no_violation(page)


# --- stopping --------------------------------------------------------------------------------------------------------


@size
def test_stopping_keeps_the_question_and_stores_nothing(visit, gate, lesson_tutor, size):
    before = lesson_tutor.conversations()
    page = on(visit, size)
    send(page, FOUND)
    expect(page.locator("#live .words")).to_be_visible()
    expect_no_violations(page)
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


# --- the list of conversations ---------------------------------------------------------------------------------------


def open_list(page: Page) -> None:
    if page.get_by_role("button", name="Menu", exact=True).is_visible():
        page.get_by_role("button", name="Menu", exact=True).click()


def unfold(page: Page, action: str) -> None:
    """Open what can be done with the latest conversation, and choose one."""
    more = page.locator("#history .more").first
    more.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    page.locator("#history .unfolded").first.get_by_role("button", name=action).press("Enter")


@size
def test_a_conversation_is_renamed_from_the_keyboard(visit, lesson_tutor, size):
    page = on(visit, size)
    ask(page, FOUND)
    open_list(page)
    unfold(page, "Rename")
    dialog = page.get_by_role("dialog", name="Rename this conversation")
    expect_no_violations(page)
    name = dialog.get_by_label("Name")
    expect(name).to_be_focused()
    expect(name).to_have_value(FOUND)
    name.fill("  Famine <b>one</b>  \u202e ")
    name.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#history .entry").first).to_contain_text("Famine <b>one</b>")
    expect(page.locator("#found")).to_have_text("The conversation has its new name.")
    expect(page.locator("#history .more").first).to_be_focused()
    assert lesson_tutor.conversations()[0].title == "Famine <b>one</b>"
    page.reload()
    expect(page.locator("#history .entry").first).to_contain_text("Famine <b>one</b>")


def test_escape_leaves_the_name_and_returns_to_where_one_was(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    unfold(page, "Rename")
    page.keyboard.type("Another")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#history .more").first).to_be_focused()
    assert lesson_tutor.conversations()[0].title == FOUND


def test_escape_folds_what_can_be_done_with_a_conversation(visit):
    page = visit()
    ask(page, FOUND)
    more = page.locator("#history .more").first
    more.click()
    rename = page.get_by_role("button", name="Rename", exact=True)
    expect(rename).to_be_visible()
    page.keyboard.press("Escape")
    expect(rename).to_be_hidden()
    expect(more).to_be_focused()


@size
def test_a_conversation_is_deleted_only_when_that_is_confirmed(visit, lesson_tutor, size):
    page = on(visit, size)
    ask(page, FOUND)
    id = lesson_tutor.conversations()[0].id
    open_list(page)
    unfold(page, "Delete")
    dialog = page.get_by_role("dialog", name="Delete this conversation?")
    expect(dialog).to_contain_text(FOUND)
    expect_no_violations(page)
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.locator("#history .more").first).to_be_focused()
    assert lesson_tutor.conversation(id)
    unfold(page, "Delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator("#found")).to_have_text("The conversation is deleted.")
    expect(page.get_by_role("button", name="New conversation")).to_be_focused()
    expect(page.locator(".exchange")).to_have_count(0)
    expect(page.locator(f'#history [data-conversation="{id}"]')).to_have_count(0)
    assert id not in {info.id for info in lesson_tutor.conversations()}


def test_deleting_another_conversation_leaves_the_open_one(visit, lesson_tutor):
    page = visit()
    ask(page, "When did Mao Zedong die?")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, FOUND)
    page.locator("#history .more").nth(1).click()
    page.locator("#history .unfolded").nth(1).get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#found")).to_have_text("The conversation is deleted.")
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)


@size
def test_the_list_is_searched_as_one_types_beyond_what_it_shows(visit, lesson_tutor, size, monkeypatch):
    old = lesson_tutor.ask("great-leap-forward", "When did Mao Zedong die?").conversation
    lesson_tutor.rename_conversation(old, "Ältere Fragen: ÄPFEL")
    monkeypatch.setattr("tutor.web.page.LISTED", 1)
    page = on(visit, size)
    ask(page, FOUND)
    open_list(page)
    expect(page.locator("#history .entry")).to_have_count(1)
    expect(page.locator(f'#history [data-conversation="{old}"]')).to_have_count(0)
    box = page.get_by_label("Search your conversations")
    box.press_sequentially("äpfel frag")
    expect(page.locator("#found")).to_have_text("1 conversation found.")
    expect(page.locator("#history .entry")).to_contain_text("Ältere Fragen: ÄPFEL")
    expect_no_violations(page)
    box.fill("zzz <img src=x>")
    expect(page.locator("#found")).to_have_text("No conversations found.")
    expect(page.locator("#history .entry")).to_have_count(0)
    box.fill("")
    expect(page.locator("#history .entry")).to_contain_text(FOUND)
    expect(page.locator("#found")).to_be_empty()
    lesson_tutor.delete_conversation(old)


def test_a_name_that_cannot_be_used_is_said_and_changes_nothing(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    unfold(page, "Rename")
    page.evaluate("document.querySelector('#new-name').removeAttribute('maxlength')")
    page.get_by_label("Name", exact=True).fill("x" * 121)
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text("The name is longer than 120 characters. Choose a shorter one.")
    assert lesson_tutor.conversations()[0].title == FOUND


# --- taking it along -------------------------------------------------------------------------------------------------


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


@size
def test_an_answer_is_copied_with_its_sources(visit, lesson_tutor, size):
    page = on(visit, size, permissions=["clipboard-read", "clipboard-write"])
    ask(page, FOUND)
    answer = latest(lesson_tutor)
    button = page.get_by_role("button", name="Copy", exact=True)
    button.press("Enter")
    expect(page.locator("#told")).to_have_text("Copied, with its sources.")
    assert copied(page) == to_text(answer)
    expect(button).to_be_focused()
    page.get_by_role("button", name="Copy as Markdown").click()
    expect(page.locator("#told")).to_have_text("Copied as Markdown, with its sources.")
    assert copied(page) == to_markdown(answer)
    expect_no_violations(page)


def test_where_the_browser_has_no_clipboard_copying_still_works(visit, lesson_tutor):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page, FOUND)
    page.evaluate("""() => {
      window.kept = "";
      document.addEventListener("copy", () => { window.kept = document.activeElement.value; });
      const { clipboard } = navigator;
      Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
      window.clipboardBefore = clipboard;
    }""")
    button = page.get_by_role("button", name="Copy", exact=True)
    button.press("Enter")
    expect(page.locator("#told")).to_have_text("Copied, with its sources.")
    assert page.evaluate("window.kept") == to_text(latest(lesson_tutor))
    expect(button).to_be_focused()


def test_what_cannot_be_copied_is_said(visit, lesson_tutor):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page, FOUND)
    lesson_tutor.delete_conversation(latest(lesson_tutor).conversation)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#told")).to_contain_text("There is no conversation")


@size
@pytest.mark.parametrize(("name", "ending"), [("Save as Markdown", "md"), ("Save as JSON", "json")])
def test_a_conversation_is_saved_as_a_file(visit, lesson_tutor, size, name, ending):
    page = on(visit, size)
    ask(page, FOUND)
    open_list(page)
    page.locator("#history .more").first.click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name=name).first.click()
    assert downloading.value.suggested_filename == f"how-many-people-died-in-the-famine.{ending}"
    saved = Path(downloading.value.path()).read_text(encoding="utf-8")
    held = lesson_tutor.conversation(latest(lesson_tutor).conversation)
    if ending == "json":
        assert Conversation.model_validate_json(saved) == held
    else:
        assert saved == conversation_to_markdown(held, "The Great Leap Forward")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_there_is_the_conversation_with_its_quotations_and_nothing_to_press(visit, lesson_tutor, scheme):
    page = visit(color_scheme=scheme)
    ask(page, FOUND)
    page.locator(".words .cite").first.click()
    page.emulate_media(media="print")
    for gone in ("#rail", "#composer", "#source", ".doing", ".next", "#told", "#bar"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.get_by_role("heading", name="The Great Leap Forward")).to_be_visible()
    expect(page.locator("#transcript .printed")).to_contain_text(latest(lesson_tutor).citations[0].quote)
    assert page.evaluate(CONTRAST, ".words") >= 7
    sheets = page.pdf(width="400px", height="200px", print_background=True)
    assert len(re.findall(rb"/Type ?/Page\b", sheets)) > 2  # all of it, not only what fits the window


def test_only_the_open_conversation_can_be_printed(visit):
    page = visit()
    page.evaluate("void (window.print = () => { window.printed = (window.printed ?? 0) + 1; })")
    ask(page, FOUND)
    page.locator("#history .more").first.click()
    page.get_by_role("button", name="Print or save as PDF").click()
    assert page.evaluate("window.printed") == 1
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    page.locator("#history .more").first.click()
    expect(page.get_by_role("button", name="Rename")).to_be_visible()
    expect(page.get_by_role("button", name="Print or save as PDF")).to_have_count(0)


# --- feedback --------------------------------------------------------------------------------------------------------


def feedback(lesson_tutor) -> Feedback | None:
    given: Feedback | None = lesson_tutor.conversation(lesson_tutor.conversations()[0].id).messages[-1].feedback
    return given


@size
def test_a_thumb_up_is_kept_shown_again_and_taken_back(visit, lesson_tutor, size):
    page = on(visit, size)
    ask(page, FOUND)
    thumb = page.get_by_role("button", name="Helpful", exact=True)
    thumb.press("Enter")
    expect(page.locator("#told [role=status]")).to_have_text("Thank you. Your feedback is kept with the answer.")
    expect(thumb).to_have_attribute("aria-pressed", "true")
    expect(thumb).to_be_focused()
    page.reload()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    expect_no_violations(page)
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#told")).to_have_text("Your feedback is taken back.")
    assert feedback(lesson_tutor) is None


@size
def test_a_thumb_down_asks_why_and_can_be_changed(visit, lesson_tutor, size):
    page = on(visit, size)
    ask(page, FOUND)
    thumb = page.get_by_role("button", name="Not helpful")
    thumb.press("Enter")
    dialog = page.get_by_role("dialog", name="What is not good about this answer?")
    expect_no_violations(page)
    dialog.get_by_label("Something is missing").check()
    dialog.get_by_label("In your own words").fill("Which years? <img src=x> \u202e")
    dialog.get_by_role("button", name="Send").press("Enter")
    expect(dialog).to_be_hidden()
    expect(thumb).to_be_focused()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    comment = "Which years? <img src=x> \u202e"
    assert feedback(lesson_tutor) == Feedback(rating="down", reason="incomplete", comment=comment)
    page.reload()
    thumb.click()
    expect(dialog.get_by_label("Something is missing")).to_be_checked()
    expect(dialog.get_by_label("In your own words")).to_have_value("Which years? <img src=x> \u202e")
    dialog.get_by_label("It is wrong").check()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_be_hidden()
    given = feedback(lesson_tutor)
    assert given and given.reason == "wrong"
    thumb.click()
    dialog.get_by_role("button", name="Take my feedback back").click()
    expect(thumb).to_have_attribute("aria-pressed", "false")
    assert feedback(lesson_tutor) is None


def test_feedback_that_is_cancelled_is_not_kept(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    thumb = page.get_by_role("button", name="Not helpful")
    thumb.click()
    page.get_by_label("It is wrong").check()
    page.keyboard.press("Escape")
    expect(thumb).to_be_focused()
    assert feedback(lesson_tutor) is None
    thumb.click()
    expect(page.get_by_label("It is wrong")).not_to_be_checked()


def test_feedback_that_fails_keeps_what_was_typed(visit, lesson_tutor, monkeypatch):
    def full(*_):
        raise NotReady("The disk is full. Free some space.")

    page = visit()
    ask(page, FOUND)
    monkeypatch.setattr(lesson_tutor, "feedback", full)
    page.get_by_role("button", name="Not helpful").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("In your own words").fill("It is too short.")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_have_text("The disk is full. Free some space.")
    expect(dialog.get_by_label("In your own words")).to_have_value("It is too short.")
    monkeypatch.undo()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_be_hidden()
    given = feedback(lesson_tutor)
    assert given and given.comment == "It is too short."


# --- asking anew -----------------------------------------------------------------------------------------------------


def questions(lesson_tutor) -> list[str]:
    held = lesson_tutor.conversation(lesson_tutor.conversations()[0].id)
    return [message.answer.question for message in held.messages]


@size
def test_an_edited_question_takes_the_place_of_the_last_one(visit, lesson_tutor, size):
    page = on(visit, size)
    ask(page, "When did Mao Zedong die?")
    ask(page, "What kiled Stalin?")
    expect(page.get_by_role("button", name="Edit question")).to_have_count(1)
    page.get_by_role("button", name="Edit question").press("Enter")
    box = page.get_by_label("Your question")
    expect(box).to_have_value("What kiled Stalin?")
    expect(box).to_be_focused()
    expect(page.locator("#editing [role=status]")).to_contain_text("takes the place of your last question")
    expect_no_violations(page)
    box.fill(FOUND)
    box.press("Enter")
    expect(page.locator("#transcript .question").last).to_contain_text(FOUND)
    expect(page.locator("#transcript .exchange")).to_have_count(2)
    expect(page.locator("#notice")).to_have_text("The new answer has taken the place of the last one.")
    expect(page.locator("#editing .notice")).to_be_hidden()
    assert questions(lesson_tutor) == ["When did Mao Zedong die?", FOUND]
    ask(page, "And why?")  # what comes next is added again
    assert len(questions(lesson_tutor)) == 3


def test_the_last_question_can_be_kept_after_all(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    page.get_by_label("Your question").fill("a draft")
    page.get_by_role("button", name="Edit question").click()
    expect(page.locator(".exchange.replaced")).to_have_count(1)
    page.get_by_role("button", name="Keep them").click()
    expect(page.locator("#editing .notice")).to_be_hidden()
    expect(page.locator(".exchange.replaced")).to_have_count(0)
    expect(page.get_by_label("Your question")).to_be_focused()
    expect(page.get_by_label("Your question")).to_have_value("a draft")
    ask(page, "When did Mao Zedong die?")
    assert questions(lesson_tutor) == [FOUND, "When did Mao Zedong die?"]


def test_stopping_an_edited_question_loses_neither_it_nor_the_last_one(visit, gate, lesson_tutor):
    page = visit()
    gate.release(1000)
    ask(page, FOUND)
    page.get_by_role("button", name="Edit question").click()
    while gate.acquire(blocking=False):
        pass
    send(page, "When did Mao Zedong die?")
    expect(page.locator("#live .words")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_label("Your question")).to_have_value("When did Mao Zedong die?")
    assert questions(lesson_tutor) == [FOUND]
    expect(page.locator("#editing .notice")).to_be_visible()
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_enabled()
    gate.release(1000)
    page.get_by_label("Your question").press("Enter")
    expect(page.locator("#transcript .question")).to_contain_text("When did Mao Zedong die?")
    assert questions(lesson_tutor) == ["When did Mao Zedong die?"]


def test_a_chat_models_answer_can_be_given_again_and_a_quoted_one_not(visit, says, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    expect(page.get_by_role("button", name="Answer again")).to_have_count(0)
    says("The metal from the backyard furnaces was worthless scrap [2].", StatusError(401))
    ask(page, "What came out of the backyard furnaces?")
    page.get_by_label("Your question").fill("a draft")
    page.get_by_role("button", name="Answer again").press("Enter")
    expect(page.locator("#notice")).to_have_text("The new answer has taken the place of the last one.")
    expect(page.locator("#transcript .exchange")).to_have_count(2)
    expect(page.locator("#transcript .note")).to_contain_text("quoted from the course")
    expect(page.get_by_label("Your question")).to_have_value("a draft")
    expect(page.get_by_role("button", name="Answer again")).to_be_visible()  # a chat model should have answered
    assert questions(lesson_tutor) == [FOUND, "What came out of the backyard furnaces?"]


def test_two_tabs_on_one_conversation_do_not_mix_up(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("#transcript .question")).to_contain_text(FOUND)
    other.get_by_role("button", name="Edit question").click()
    ask(page, "When did Mao Zedong die?")
    send(other, "Who was Stalin?")
    expect(other.locator("#notice")).to_contain_text("no longer the last question")
    expect(other.get_by_label("Your question")).to_have_value("Who was Stalin?")
    expect(other.locator("#transcript .exchange")).to_have_count(2)
    expect(other.locator("#editing .notice")).to_be_hidden()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    other.get_by_role("button", name="Ask", exact=True).click()
    expect(other.locator("#transcript .exchange")).to_have_count(3)
    assert questions(lesson_tutor) == [FOUND, "When did Mao Zedong die?", "Who was Stalin?"]
    expect(page.locator(".exchange")).to_have_count(0)


# --- addresses -------------------------------------------------------------------------------------------------------


@size
def test_the_address_opens_the_conversation_that_it_names(visit, lesson_tutor, size):
    page = on(visit, size)
    expect(page).to_have_url(re.compile(r"/\?course=great-leap-forward$"))
    ask(page, FOUND)
    id = lesson_tutor.conversations()[0].id
    expect(page).to_have_url(re.compile(rf"/\?course=great-leap-forward&conversation={id}$"))
    link = page.url
    stranger = on(visit, size)
    stranger.goto(link)
    expect(stranger.locator("#transcript .question")).to_contain_text(FOUND)
    stranger.goto(link.replace("course=great-leap-forward&", ""))
    expect(stranger.locator("#transcript .question")).to_contain_text(FOUND)


def test_each_tab_keeps_its_own_conversation_over_a_reload(visit):
    page = visit()
    ask(page, FOUND)
    other = page.context.new_page()
    other.goto(page.url.partition("?")[0] + "?course=great-leap-forward")
    expect(other.locator(".welcome")).to_be_visible()
    ask(other, "When did Mao Zedong die?")
    page.reload()
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)
    other.reload()
    expect(other.locator("#transcript .question")).to_contain_text("When did Mao Zedong die?")


@size
def test_a_link_to_a_conversation_is_copied_from_its_entry(visit, lesson_tutor, size):
    page = on(visit, size, permissions=["clipboard-read", "clipboard-write"])
    ask(page, FOUND)
    open_list(page)
    unfold(page, "Copy link")
    expect(page.locator("#told")).to_have_text("The link is copied.")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    page.goto(copied(page))
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)


@size
def test_a_link_to_a_citation_opens_its_source_at_the_quote(visit, lesson_tutor, size):
    page = on(visit, size, permissions=["clipboard-read", "clipboard-write"], reduced_motion="reduce")
    ask(page, FOUND)
    page.locator(".words .cite").first.click()
    panel = page.get_by_role("complementary", name="Source:")
    panel.get_by_role("button", name="Copy link").press("Enter")
    expect(page.locator("#told")).to_have_text("The link is copied.")
    citation = latest(lesson_tutor).citations[0]
    link = copied(page)
    assert f"&start={citation.start}&end={citation.end}" in link
    expect_no_violations(page)
    page.goto(link)
    expect_highlight(page, citation)
    expect(page.locator("mark")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/\?course=great-leap-forward$"))


HOSTILE_VALUE = "%3Cimg%20src%3Dx%20onerror%3D%22document.title%3D%27ran%27%22%3E"


@pytest.mark.parametrize(
    ("address", "place", "said"),
    [
        ("conversation=c_0", "#notice", "That conversation is no longer here. This is a new one."),
        (f"conversation={HOSTILE_VALUE}", "#notice", "That conversation is no longer here."),
        ("course=nowhere", "#notice", "The link names a course that is not here. This is another one."),
        (f"course={HOSTILE_VALUE}", "#notice", "The link names a course that is not here."),
        ("course=great-leap-forward&source=gone.md", "#source .notice", "does not have the text “gone.md”"),
        (f"course=great-leap-forward&source={HOSTILE_VALUE}", "#source .notice", "does not have the text “<img src=x"),
        (
            "course=great-leap-forward&source=lesson.md&version=sha256:0",
            "#source .notice",
            "“lesson.md”, or not as it was",
        ),
    ],
)
def test_an_address_of_what_is_not_there_says_so_kindly(visit, live_server, address, place, said):
    page = visit()
    page.goto(f"{live_server}/?{address}")
    expect(page.locator(place)).to_contain_text(said)
    expect(page.locator("#source" if place == "#notice" else ".welcome")).to_be_visible(visible=place != "#notice")
    assert page.locator("#app :is(img, a, script, iframe)").count() == 0
    assert page.title() == "Tutor"


@pytest.mark.parametrize("span", ["", "&start=x&end=y", f"&start={'9' * 30}&end=-4", "&start=5&end=2"])
def test_an_address_without_a_usable_place_opens_the_source_at_its_beginning(visit, live_server, span):
    page = visit()
    page.goto(f"{live_server}/?course=great-leap-forward&source=lesson.md{span}")
    expect(page.locator(".panel .text:focus, .panel .text :focus")).to_have_count(1)
    expect(page.locator(".panel .text h3").first).to_have_text("The Great Leap Forward")


def test_a_conversation_deleted_in_another_tab_is_said_to_be_gone(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    lesson_tutor.delete_conversation(lesson_tutor.conversations()[0].id)
    send(page, "And why?")
    expect(page.locator("#notice")).to_have_text("That conversation is no longer here. This is a new one.")
    expect(page.get_by_label("Your question")).to_have_value("And why?")
    expect(page.locator(".welcome")).to_be_visible()
