"""The page in each of its languages, in a real Chromium: complete, remembered, from right to left where it is so."""

from __future__ import annotations

import re

import pytest
from chromium import NEEDED
from playwright.sync_api import Page, expect
from test_citing_page import AXE, expect_no_violation
from test_page import FOUND, NOT_FOUND, PHONE
from test_page import browser as browser
from test_page import gate as gate
from test_page import visit as visit

from tutor.web.texts import LANGUAGES, texts

pytestmark = NEEDED
AGREED = {"en": "en-GB", "zh": "zh-CN", "es": "es-MX", "ar": "ar-EG"}  # what browsers call these languages
SIZES = [{"width": 1280, "height": 800}, PHONE]

# Every text that a reader sees or hears and that is not somebody else's: not in an element for those.
OWN_WORDS = """() => {
  const foreign = "bdi, q, code, option, textarea, #replaces, .brand, [dir=auto], #course input, .more";
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement: inside } = walker.currentNode;
    if (data.trim() && !inside.closest(foreign) && inside.closest("#app, #dialogs, #told, #announced")) said.push(data);
  }
  for (const element of document.querySelectorAll("#app *, dialog *"))
    for (const name of ["aria-label", "placeholder", "title", "alt"])
      if (element.getAttribute(name) && !element.closest(".options")) said.push(element.getAttribute(name));
  return said;
}"""


def write(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")


def question(page: Page, asked: str) -> None:
    before = page.locator("#transcript .exchange").count()
    write(page, asked)
    expect(page.locator("#transcript .exchange")).to_have_count(before + 1)
    expect(page.locator("#live .exchange")).to_have_count(0)


def expect_own_words(page: Page, language: str) -> None:
    """Check that all words of the page's own are in the script of ``language``, names of formats apart."""
    script = {"zh": r"[\u4e00-\u9fff]", "ar": r"[\u0600-\u06ff]"}[language]
    said = [words.strip() for words in page.evaluate(OWN_WORDS)]
    wrong = [words for words in said if re.search(r"[^\W\d_]", words) and not re.search(script, words)]
    assert len(said) > 20
    assert [words for words in wrong if words not in ("Tutor",)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_in_the_language_of_the_browser(visit, language):
    page = visit(locale=AGREED[language])
    say = texts(language)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", say.direction)
    expect(page.locator("#send")).to_have_text(say("ask"))
    expect(page.locator("#question textarea")).to_have_attribute("placeholder", say("ask-placeholder"))
    expect(page.locator("#fresh")).to_have_text(say("new-conversation"))
    expect(page.get_by_label(say("course"), exact=True).first).to_be_visible()
    expect(page.get_by_role("heading", name=say("begin-with"))).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "ar"])
def test_no_view_has_a_word_of_another_language(visit, gate, language):
    page = visit(locale=AGREED[language])
    expect_own_words(page, language)
    write(page, FOUND)
    expect(page.locator("#live .exchange")).to_be_visible()
    expect_own_words(page, language)
    gate.release(1000)
    expect(page.locator("#transcript .exchange")).to_have_count(1)
    page.locator("button.cite").first.click()
    expect(page.locator("#source .panel")).to_be_visible()
    page.locator(".meaning summary").click()
    for details in ("find", "contents"):
        page.locator(f".panel .{details} summary").click()
    page.locator(".panel .sought").fill("no such words")
    page.locator(".more").first.click()
    expect_own_words(page, language)
    page.locator('[data-event="judge"][data-rating="up"]').click()
    expect(page.locator("#told")).not_to_have_text("")
    page.locator('[data-event="edit"]').click()
    expect_own_words(page, language)
    page.locator('[data-event="keep"]').click()
    question(page, NOT_FOUND)
    write(page, " ")
    expect(page.locator("#notice .notice")).to_be_visible()
    page.locator("#search-words").fill("no such words")
    expect(page.locator("#found .notice")).to_be_visible()
    expect_own_words(page, language)


@pytest.mark.parametrize("size", SIZES)
def test_a_chosen_language_is_spoken_at_once_and_from_then_on_and_keeps_what_was_typed(visit, size):
    page = visit()
    page.set_viewport_size(size)
    page.locator("#question textarea").fill("What about")
    if size == PHONE:
        page.locator(".menu").click()
    with page.expect_navigation():
        page.get_by_label("Language").select_option("ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#send")).to_have_text(texts("ar")("ask"))
    expect(page.locator("#question textarea")).to_have_value("What about")
    page.reload()
    expect(page.locator("#send")).to_have_text(texts("ar")("ask"))
    expect(page.locator("#language")).to_have_value("ar")


def test_an_error_is_said_in_the_readers_language(visit):
    page = visit(locale=AGREED["es"])
    write(page, "x" * 2001)
    expect(page.locator("#notice .notice.error")).to_contain_text("La pregunta tiene más de 2.000 caracteres")
    told = page.evaluate("fetch('api/v1/conversations/c_0').then(found => found.json())")
    assert told["detail"] == texts("es")("error-no-conversation")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_right_to_left_everything_is_in_its_place_and_can_be_read(visit, size, scheme):
    page = visit(locale=AGREED["ar"], color_scheme=scheme)
    page.set_viewport_size(size)
    whole = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert page.evaluate(whole) == [size["width"], size["height"]]
    question(page, FOUND)
    words, bubble = page.locator(".words"), page.locator("h2.question")
    assert words.evaluate("e => getComputedStyle(e).direction") == "ltr"  # an English course stays English
    assert bubble.evaluate("e => getComputedStyle(e).direction") == "ltr"
    asked, answered = bubble.bounding_box(), words.bounding_box()
    assert asked and answered and asked["x"] <= answered["x"] + 4  # one's own words stand at the end of a line
    page.locator("button.cite").first.click()
    mark = page.locator("mark.active")
    expect(mark).to_be_in_viewport(ratio=1)
    assert mark.locator("xpath=..").evaluate("e => getComputedStyle(e).direction") == "ltr"
    if size != PHONE:
        parts = [page.locator(part).bounding_box() for part in ("#source", "#chat", "#rail")]
        left = [part["x"] for part in parts if part]
        assert len(left) == 3 and left == sorted(left)
    assert page.evaluate(whole) == [size["width"], size["height"]]
    if AXE:
        expect_no_violation(page)


def test_the_card_of_a_quote_and_the_dialogs_go_from_right_to_left_too(visit):
    page = visit(locale=AGREED["ar"])
    question(page, FOUND)
    page.locator("button.cite").first.hover()
    card = page.get_by_role("tooltip")
    expect(card).to_be_in_viewport(ratio=1)
    page.locator('[data-event="judge"][data-rating="down"]').click()
    dialog = page.locator("dialog[open]")
    assert dialog.evaluate("e => getComputedStyle(e).direction") == "rtl"
    if AXE:
        expect_no_violation(page)
