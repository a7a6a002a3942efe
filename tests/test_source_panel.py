"""The source panel: the quote is marked exactly, and nothing in a source can run or load."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markup import HOSTILE, Page, assert_harmless

from tutor.types import Heading, StoredSource
from tutor.web import source_panel
from tutor.web.escaping import escape

TEXT = (
    "Farms\n\nPlows\n\nPlows cut deep. Harvests\nfailed.\n\n- Quota: an amount of work.\n- Utopia: a perfect place.\n"
)
OUTLINE = (Heading(title="Farms", level=1, start=0), Heading(title="Plows", level=2, start=7))


def stored(text: str = TEXT, outline: tuple[Heading, ...] = OUTLINE, **other: object) -> StoredSource:
    facts: dict[str, object] = {
        "course": "farming", "name": "lesson.md", "title": "Farms", "version": "sha256:0", "outline": outline,
        "text": text,
    }  # fmt: skip
    return StoredSource.model_validate(facts | other)


def test_the_quote_is_marked_exactly():
    start = TEXT.index("Harvests")
    assert Page(source_panel.render_source(stored(), start, start + 16)).marked == "Harvests\nfailed."


def test_a_quote_over_two_paragraphs_is_marked_in_both():
    start, end = TEXT.index("failed"), TEXT.index("Quota") + 5
    assert Page(source_panel.render_source(stored(), start, end)).marked == "failed.- Quota"


def test_a_source_shows_headings_paragraphs_and_list_items():
    page = Page(source_panel.render_source(stored(), 14, 29))
    assert page.tags.count("h3") == page.tags.count("h4") == 1
    assert sum(attribute == ("class", "item") for attribute in page.attributes) == 2


def test_the_heading_path_leaves_out_a_title_that_stands_above_it():
    html = source_panel.render_source(stored(), 14, 29)
    path = html[html.index('<ol class="path"') : html.index("</ol>")]
    assert Page(path + "</ol>").text == "Plows"


def test_the_heading_path_ends_with_the_innermost_heading():
    assert source_panel.heading_path(OUTLINE, 20) == ("Farms", "Plows")
    assert source_panel.heading_path(OUTLINE, 3) == ("Farms",)


def test_a_sibling_heading_replaces_the_one_before():
    outline = (*OUTLINE, Heading(title="Sparrows", level=2, start=30))
    assert source_panel.heading_path(outline, 40) == ("Farms", "Sparrows")


def test_a_source_that_changed_since_says_so():
    assert "newer version" in source_panel.render_source(stored(changed=True), 0, 5)


def test_a_very_long_source_is_shown_around_the_quote():
    long = "Harvests failed.\n\n" * 20_000
    html = source_panel.render_source(stored(long, ()), 180_000, 180_016)
    assert Page(html).marked == "Harvests failed."
    assert len(html) < 400_000
    assert html.count("only the part around the quote") == 2


@pytest.mark.parametrize("span", [(-5, 3), (10**9, 10**9 + 5), (9, 3)])
def test_a_span_outside_the_text_breaks_nothing(span: tuple[int, int]):
    assert_harmless(source_panel.render_source(stored(), *span))


def test_a_problem_with_a_source_is_shown_in_its_place():
    assert "There is no such source." in Page(source_panel.render_source_problem("There is no such source.", "k")).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_in_a_source_are_only_shown(text: str):
    body = f"{text}\n\n- {text}\n\n{text}"
    source = stored(body, (Heading(title=text, level=2, start=0),), name=text, title=text, version=text)
    html = source_panel.render_source(source, 0, len(body))
    assert_harmless(html)
    assert_harmless(source_panel.render_source_problem(text, text))


@given(st.text(alphabet="ab \n-.1[]", max_size=300), st.data())
def test_paragraphs_hold_every_visible_character_once_and_in_order(text: str, data: st.DataObject):
    starts = [m for m in range(len(text)) if text[m].strip() and (m == 0 or text[m - 1] == "\n")]
    chosen = data.draw(st.lists(st.sampled_from(starts), unique=True).map(sorted)) if starts else []
    outline = [Heading(title="x", level=2, start=start) for start in chosen]
    spans = list(source_panel.split_paragraphs(text, outline, 0, len(text)))
    assert all(a < b for a, b in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 200))
@example("\r\x0c\x1c\x85", 0, 4)
def test_the_marked_words_are_those_of_the_span(text: str, start: int, end: int):
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    marked = Page(source_panel.render_source(stored(text, ()), start, end)).marked
    shown = escape(text[start:end])
    assert "".join(marked.split()) == "".join(Page(shown).text.split())
