"""The home of a course and its reading view, in a real Chromium."""

from __future__ import annotations

import pytest
from chromium import NEEDED
from playwright.sync_api import Page, expect
from test_citing_page import expect_no_violation, needs_axe
from test_page import CONTRAST, PHONE, expect_highlight, latest
from test_page import browser as browser
from test_page import visit as visit

from tutor.types import StoredSource

COURSE = "great-leap-forward"
DESKTOP = {"width": 1280, "height": 800}
pytestmark = NEEDED


def read(page: Page, what: str = "Backyard furnaces") -> None:
    page.get_by_role("button", name=f"Read {what}", exact=True).click()
    expect(page.locator("#source")).to_be_visible()


def seek(page: Page, words: str) -> None:
    page.get_by_role("searchbox", name="Search in this text").fill(words)


@pytest.mark.parametrize("size", [DESKTOP, PHONE, {"width": 320, "height": 640}])
def test_a_course_opens_with_its_outline_dates_and_terms(visit, lesson_tutor, size):
    page = visit()
    page.set_viewport_size(size)
    home = lesson_tutor.home(COURSE)
    for part in ("The Great Leap Forward", "You could begin with", "What is in this course", "Key dates", "Key terms"):
        expect(page.locator(".welcome").get_by_role("heading", name=part, exact=True).first).to_be_visible()
    assert page.locator(".outline li bdi").all_text_contents() == [one.title for one in home.outline[0].sections]
    assert page.locator(".date strong").all_text_contents() == [date.when for date in home.dates]
    assert page.locator(".term strong").all_text_contents() == [term.term for term in home.terms]
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate("document.getElementById('thread').scrollWidth") <= size["width"]


def test_a_section_is_asked_about_by_one_click(visit, lesson_tutor):
    page = visit()
    page.get_by_role("button", name="Ask about Backyard furnaces").click()
    expect(page.locator("#transcript .question")).to_contain_text("Tell me about “Backyard furnaces”")
    answer = latest(lesson_tutor)
    assert not answer.refused
    assert {citation.section for citation in answer.citations} == {"Backyard furnaces"}


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_section_is_read_by_one_click_and_closing_returns_to_where_one_was(visit, size):
    page = visit(reduced_motion="reduce")
    page.set_viewport_size(size)
    button = page.get_by_role("button", name="Read Backyard furnaces")
    button.press("Enter")
    heading = page.locator(".panel .text").get_by_role("heading", name="Backyard furnaces")
    expect(heading).to_be_in_viewport(ratio=1)
    expect(heading).to_be_focused()
    expect(page.locator(".panel .path")).to_have_text("Backyard furnaces")
    expect(page.locator(".panel mark")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(button).to_be_focused()
    expect(button).to_be_in_viewport()


def test_a_text_is_read_from_its_beginning(visit):
    page = visit()
    read(page, "The Great Leap Forward")
    expect(page.locator(".panel .text h3").first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_date_and_a_term_open_their_places(visit, lesson_tutor, size):
    page = visit(reduced_motion="reduce")
    page.set_viewport_size(size)
    home = lesson_tutor.home(COURSE)
    for look, place in (("date", home.dates[-1].place), ("term", home.terms[0].place)):
        page.locator(f".{look}").filter(has_text=(place.quote.partition(": ")[2])).click()
        expect(page.locator(".panel mark")).to_have_text(place.quote)
        expect_highlight(page, place)
        page.keyboard.press("Escape")
        expect(page.locator("#source")).to_be_hidden()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_text_is_searched_forwards_and_backwards(visit, lesson_tutor, size):
    page = visit(reduced_motion="reduce")
    page.set_viewport_size(size)
    read(page)
    text = lesson_tutor.source(COURSE, "lesson.md").text.casefold()
    count = text.count("sparrows")
    said = page.locator(".panel").get_by_role("status")
    seek(page, "SPARROWS")
    expect(said).to_have_text(f"1 of {count}")
    page.keyboard.press("Enter")
    expect(said).to_have_text(f"2 of {count}")
    page.keyboard.press("Shift+Enter")
    page.get_by_role("button", name="Previous match").click()
    expect(said).to_have_text(f"{count} of {count}")
    page.get_by_role("button", name="Next match").click()
    expect(said).to_have_text(f"1 of {count}")
    # What is painted is what was sought, and the reader sees it.
    one = "[...CSS.highlights.get('found-now')][0]"
    assert page.evaluate(f"{one}.toString().toLowerCase()") == "sparrows"
    at = page.evaluate(f"{one}.getBoundingClientRect().toJSON()")
    shown = page.locator(".panel .text").bounding_box()
    assert shown and shown["y"] <= at["top"] and at["bottom"] <= shown["y"] + shown["height"]
    assert page.evaluate("CSS.highlights.get('found').size") == count


def test_words_are_found_over_marks_and_spaces(visit, lesson_tutor):
    page = visit()
    page.locator(".date").last.click()
    expect(page.locator("mark.active")).to_be_visible()
    page.locator(".panel summary", has_text="Search").click()
    seek(page, "  1976:   mao zedong’s ")
    expect(page.locator(".found")).to_have_text("1 of 1")


@pytest.mark.parametrize("words", ["<img src=x onerror=alert(1)>", "(.*", "[a-z]+", "\\", "${alert(1)}", "zzz"])
def test_whatever_is_sought_is_taken_as_plain_words(visit, words):
    page = visit()
    read(page)
    before = page.locator(".panel .text").inner_html()
    seek(page, words)
    expect(page.locator(".found")).to_have_text("Not found")
    assert page.locator(".panel .text").inner_html() == before
    assert page.locator("#app :is(img, a, script, iframe)").count() == 0


def test_escape_empties_the_search_before_it_closes_the_text(visit):
    page = visit()
    read(page)
    seek(page, "famine")
    expect(page.locator(".found")).to_contain_text("of")
    page.keyboard.press("Escape")
    expect(page.locator(".found")).to_have_text("")
    expect(page.locator("#source")).to_be_visible()
    assert page.evaluate("CSS.highlights.get('found').size + CSS.highlights.get('found-now').size") == 0
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_contents_lead_to_each_heading(visit, lesson_tutor, size):
    page = visit(reduced_motion="reduce")
    page.set_viewport_size(size)
    read(page)
    heading = next(h for h in lesson_tutor.source(COURSE, "lesson.md").outline if h.title == "Glossary")
    page.locator(".panel summary", has_text="Contents").press("Enter")
    page.get_by_role("navigation", name="Contents of").get_by_role("button", name="Glossary").press("Enter")
    shown = page.locator(f"#at-{heading.start}")
    expect(shown).to_have_text("Glossary")
    expect(shown).to_be_in_viewport(ratio=1)
    expect(shown).to_be_focused()
    expect(page.locator(".panel .path")).to_have_text("Glossary")


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 640}])
def test_the_panel_is_no_wider_than_a_phone(visit, size):
    page = visit()
    page.set_viewport_size(size)
    read(page)
    seek(page, "famine")
    page.locator(".panel summary", has_text="Contents").click()
    for part in ("#source", ".panel header", ".panel .text", ".contents ol"):
        assert page.locator(part).first.evaluate("one => one.scrollWidth - one.clientWidth") == 0, part
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_very_long_text_is_read_part_by_part(visit, lesson_tutor, monkeypatch):
    lines = "\n\n".join(f"Harvest {n} failed." for n in range(8_000))
    long = StoredSource(course=COURSE, name="lesson.md", title="Long", version="sha256:0", outline=(), text=lines)
    page = visit()
    monkeypatch.setattr(lesson_tutor, "source", lambda *named: long)
    read(page, "The Great Leap Forward")
    expect(page.get_by_role("button", name="Read what comes before")).to_have_count(0)
    for words, said in (("Harvest 7 failed", "1 of 1 in the part"), ("Harvest 7999", "Not found in the part")):
        page.locator(".panel .sought").fill(words)
        expect(page.locator(".panel .found")).to_contain_text(said)
    for at in (60_000, 120_000):
        page.get_by_role("button", name="Read on").click()
        following = page.locator(".panel [data-here]")
        expect(following).to_contain_text(lines[at:].partition("\n")[0])
        expect(following).to_be_focused()
        expect(following).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Read what comes before")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_home_is_legible_in_light_and_dark(visit, scheme):
    page = visit(color_scheme=scheme)
    for selector in (".outline bdi", ".small", ".date span", ".date strong", ".term span", ".welcome h2", ".welcome p"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector
    read(page)
    for selector in (".sought", ".found", ".tools summary"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector
    for painted in ("found", "found-now"):
        # What is painted has no element of its own: one takes on its colours.
        page.evaluate(
            """painted => {
              const one = document.querySelector(".text p");
              const { color, backgroundColor } = getComputedStyle(one, `::highlight(${painted})`);
              Object.assign(one.style, { color, backgroundColor });
            }""",
            painted,
        )
        assert "rgba" not in page.locator(".text p").first.evaluate("one => one.style.backgroundColor")
        assert page.evaluate(CONTRAST, ".text p") >= 4.5, painted


@needs_axe
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_a_home_and_its_reading_view(visit, scheme, size):
    page = visit(color_scheme=scheme)
    page.set_viewport_size(size)
    expect_no_violation(page)
    read(page)
    seek(page, "famine")
    page.locator(".panel summary", has_text="Contents").click()
    expect_no_violation(page)
