"""An answer beside its source, in a real Chromium: the card of a quote, the walk through citations, their looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from chromium import NEEDED
from playwright.sync_api import Page, expect
from test_page import CONTRAST, FOUND, NOT_FOUND, PHONE, ask, expect_highlight, latest
from test_page import browser as browser
from test_page import says as says
from test_page import visit as visit

AXE = os.environ.get("AXE")  # the axe.min.js of the npm package axe-core
pytestmark = NEEDED
needs_axe = pytest.mark.skipif(not AXE, reason="no axe-core: set AXE to the axe.min.js of the npm package axe-core")


def expect_no_violation(page: Page) -> None:
    page.evaluate(Path(str(AXE)).read_text(encoding="utf-8"))
    ending = "document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < Infinity)"
    page.evaluate(f"Promise.all({ending}.map(one => one.finished))")  # what waits goes on moving
    found = page.evaluate(
        # The heading of the conversation cannot be reached while the menu of a phone covers it.
        "axe.run({rules: {'page-has-heading-one': {enabled: !document.body.classList.contains('menu-open')}}})"
        ".then(found => found.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]))"
    )
    assert found == []


def test_pointing_at_a_marker_shows_its_quote_without_asking_the_server(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    marker = page.locator("button.cite").nth(1)
    marker.hover()
    card = page.get_by_role("tooltip")
    expect(card).to_be_visible()
    expect(card.locator("q")).to_have_text(latest(lesson_tutor).citations[1].quote)
    assert asked == []


def test_a_card_stays_while_the_pointer_is_on_it_and_goes_when_it_leaves(visit):
    page = visit()
    ask(page, FOUND)
    card = page.get_by_role("tooltip")
    page.locator("button.cite").first.hover()
    expect(card).to_be_visible()
    card.hover()
    page.wait_for_timeout(600)
    expect(card).to_be_visible()
    page.locator("#composer").hover()
    expect(card).to_be_hidden()


def test_the_keyboard_shows_a_quote_says_it_and_puts_it_away(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    marker = page.locator("button.cite").first
    marker.focus()
    quote = latest(lesson_tutor).citations[0].quote
    expect(page.get_by_role("tooltip")).to_contain_text(quote)
    expect(marker).to_have_accessible_description(f"{quote} {page.locator('#quote span').inner_text()}")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    expect(marker).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tooltip")).to_contain_text(latest(lesson_tutor).citations[1].quote)


def test_escape_puts_the_card_away_before_the_source(visit):
    page = visit()
    ask(page, FOUND)
    page.locator("button.cite").first.click()
    expect(page.locator("#source")).to_be_visible()
    page.locator("button.cite").nth(1).hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    expect(page.locator("#source")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()


def test_a_tap_opens_the_source_without_motion_where_none_is_wanted_and_shows_no_card(visit, lesson_tutor):
    page = visit(has_touch=True, reduced_motion="reduce")
    page.set_viewport_size(PHONE)
    ask(page, FOUND)
    page.locator("button.cite").nth(1).tap()
    expect_highlight(page, latest(lesson_tutor).citations[1])
    expect(page.get_by_role("tooltip")).to_be_hidden()
    expect(page.locator("#source")).to_have_css("animation-name", "none")


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 320, "height": 640}])
def test_a_card_stays_inside_the_window(visit, size):
    page = visit()
    page.set_viewport_size(size)
    ask(page, FOUND)
    for marker in page.locator("button.cite").all():
        marker.focus()
        expect(page.get_by_role("tooltip")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE])
def test_the_keyboard_walks_through_the_citations_of_an_answer(visit, lesson_tutor, size):
    page = visit(reduced_motion="reduce")
    page.set_viewport_size(size)
    ask(page, FOUND)
    first, second, third = latest(lesson_tutor).citations
    page.locator("button.cite").first.press("Enter")
    expect_highlight(page, first)
    back, on = (page.get_by_role("button", name=f"{step} citation") for step in ("Previous", "Next"))
    expect(back).to_be_disabled()
    on.press("Enter")
    expect(page.locator("#walked")).to_have_text("2 of 3")
    expect_highlight(page, second)
    expect(on).to_be_focused()
    expect(on).to_have_accessible_description("2 of 3")
    page.keyboard.press("Enter")
    expect(page.locator("#walked")).to_have_text("3 of 3")
    expect_highlight(page, third)
    expect(on).to_be_disabled()
    expect(page.locator("mark.active")).to_be_focused()  # a button that cannot be used any more lets the focus go
    back.press("Enter")
    expect(page.locator("#walked")).to_have_text("2 of 3")
    expect_highlight(page, second)
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(page.locator("button.cite").nth(1)).to_be_focused()


def test_the_closest_passages_of_a_refusal_are_walked_through_too(visit, lesson_tutor):
    page = visit()
    ask(page, NOT_FOUND)
    near = latest(lesson_tutor).nearest
    page.locator(".near").first.click()
    expect_highlight(page, near[0])
    expect(page.locator("#walked")).to_have_text(f"1 of {len(near)}")
    page.get_by_role("button", name="Next citation").click()
    expect(page.locator("#walked")).to_have_text(f"2 of {len(near)}")
    expect_highlight(page, near[1])
    expect(page.locator(".panel .at")).to_have_count(0)  # they have no numbers
    page.keyboard.press("Escape")
    expect(page.locator(".near").nth(1)).to_be_focused()


def test_every_citation_of_the_answer_is_marked_with_its_number_and_line(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    page.locator("button.cite").nth(1).click()
    expect_highlight(page, latest(lesson_tutor).citations[1])
    marks = page.locator(".panel mark")
    assert marks.all_text_contents() == [citation.quote for citation in latest(lesson_tutor).citations]
    assert page.locator(".panel .at").all_text_contents() == ["Citation 1", "Citation 2", "Citation 3"]
    look = "one => { const s = getComputedStyle(one); return [s.backgroundColor, s.borderBlockEndStyle]; }"
    looks = [mark.evaluate(look) for mark in marks.all()]
    assert len({colour for colour, _ in looks}) == len({line for _, line in looks}) == 3
    # The legend below the answer has the same lines.
    assert [line for _, line in looks] == [one.evaluate(look)[1] for one in page.locator(".sources .number").all()]


def test_the_same_citation_in_two_answers_is_marked_among_those_of_its_own(visit, lesson_tutor):
    page = visit()
    ask(page, FOUND)
    first = latest(lesson_tutor).citations
    ask(page, f"In one sentence: {FOUND[0].lower()}{FOUND[1:]}")
    again = latest(lesson_tutor).citations
    assert again[0].quote in [one.quote for one in first]
    assert len(again) == 1
    page.locator(".exchange").last.locator("button.cite").first.click()
    expect_highlight(page, again[0])
    expect(page.locator(".panel mark")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".exchange").last.locator("button.cite").first).to_be_focused()


def test_each_sentence_shows_its_support_and_an_explanation_opens_on_demand(visit, says):
    says("The metal from the backyard furnaces was worthless scrap [2].")
    page = visit()
    ask(page, "What came out of the backyard furnaces?")
    checked = page.locator(".words .claim[data-support=verified]")
    expect(checked).to_contain_text("The metal from the backyard furnaces was worthless scrap")
    expect(checked).to_have_css("text-decoration-style", "dotted")
    expect(page.get_by_role("button", name="reworded and checked")).to_be_visible()
    meaning = page.get_by_text("each sentence was checked against")
    expect(meaning).to_be_hidden()
    page.get_by_text("What do these mean?").press("Enter")
    expect(meaning).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_citations_are_legible_in_light_and_dark(visit, scheme):
    page = visit(color_scheme=scheme)
    ask(page, FOUND)
    page.locator("button.cite").nth(1).hover()
    assert page.evaluate(CONTRAST, "#quote") >= 4.5
    assert page.evaluate(CONTRAST, "#quote span") >= 4.5
    page.locator("button.cite").nth(1).click()
    expect(page.locator("mark.active")).to_be_visible()
    page.get_by_text("What do these mean?").click()
    tones = [f"{what}.tone-{n}" for n in (1, 2, 3) for what in ("mark", ".panel .at", ".number")]
    for selector in (*tones, "button.cite.tone-1", "button.cite.tone-3", ".meaning li", "summary", ".walk"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector


@needs_axe
@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("question", [FOUND, NOT_FOUND])
def test_axe_finds_nothing_wrong_with_an_answer_and_its_source(visit, scheme, size, question):
    page = visit(color_scheme=scheme)
    page.set_viewport_size(size)
    ask(page, question)
    if question == FOUND:
        page.get_by_text("What do these mean?").click()
        page.locator("button.cite").nth(1).focus()
    expect_no_violation(page)
    page.locator("#thread [data-event=cite]").nth(1).click()
    expect(page.locator("mark.active")).to_be_visible()
    expect_no_violation(page)
