"""The source panel: the quote is marked exactly, and nothing in a source can run or load."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markup import HOSTILE, Page, assert_harmless

from tutor.errors import NotFound
from tutor.types import Heading, StoredSource
from tutor.web import source_panel
from tutor.web.citing import Cited
from tutor.web.escaping import escape
from tutor.web.texts import texts

EN = texts("en")

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
    assert Page(source_panel.render_source(EN, stored(), start, start + 16)).marked == "Harvests\nfailed."


def cited(marker: int, words: str, **other: object) -> Cited:
    at = TEXT.index(words)
    return Cited(
        marker, **({"source": "lesson.md", "version": "sha256:0", "start": at, "end": at + len(words)} | other)
    )


def test_other_citations_of_the_answer_are_marked_too_each_with_its_number():
    one, two = cited(1, "Plows cut deep."), cited(2, "Quota: an amount of work.")
    html = source_panel.render_source(EN, stored(), two.start, two.end, cited=(one, two))
    assert Page(html).marked == "Plows cut deep.Quota: an amount of work."
    assert '<span class="unseen">Citation </span>1</bdi><mark class="tone-1">Plows' in html
    assert '<span class="unseen">Citation </span>2</bdi><mark class="tone-2 active" tabindex=-1>Quota' in html


@pytest.mark.parametrize("other", [{"source": "other.md"}, {"version": "sha256:1"}])
def test_a_citation_of_another_text_is_not_marked_in_this_one(other: dict[str, object]):
    one, two = cited(1, "Plows cut deep."), cited(2, "Quota", **other)
    assert (
        Page(source_panel.render_source(EN, stored(), one.start, one.end, cited=(one, two))).marked == "Plows cut deep."
    )


def test_the_quote_that_was_opened_stays_whole_where_others_overlap_it():
    whole, part = cited(1, "Plows cut deep. Harvests\nfailed."), cited(2, "cut deep. Harvests")
    html = source_panel.render_source(EN, stored(), whole.start, whole.end, cited=(part, whole))
    assert html.count("<mark") == 1
    html = source_panel.render_source(EN, stored(), part.start, part.end, cited=(whole, part))
    assert Page(html).marked == "Plows cut deep. Harvests\nfailed."
    assert 'tabindex=-1>cut deep. Harvests</mark><mark class="tone-1">' in html


def test_a_citation_leads_to_the_one_before_and_the_one_after():
    three = (cited(1, "Plows cut"), cited(2, "Quota"), cited(3, "Utopia", source="other.md"))
    middle = source_panel.render_source(EN, stored(), three[1].start, three[1].end, cited=three)
    assert "2 of 3" in Page(middle).text
    assert " disabled" not in middle
    assert f'data-source="other.md" data-version="sha256:0" data-start="{three[2].start}"' in middle
    first = source_panel.render_source(EN, stored(), three[0].start, three[0].end, cited=three)
    assert 'aria-describedby="walked" disabled aria-label="Previous citation"' in first


def test_a_single_citation_leads_nowhere():
    one = cited(1, "Plows cut deep.")
    assert 'class="walk"' not in source_panel.render_source(EN, stored(), one.start, one.end, cited=(one,))


def test_a_quote_over_two_paragraphs_is_marked_in_both():
    start, end = TEXT.index("failed"), TEXT.index("Quota") + 5
    assert Page(source_panel.render_source(EN, stored(), start, end)).marked == "failed.- Quota"


def test_a_source_shows_headings_paragraphs_and_list_items():
    page = Page(source_panel.render_source(EN, stored(), 14, 29))
    assert page.tags.count("h3") == page.tags.count("h4") == 1
    assert sum(attribute == ("class", "item") for attribute in page.attributes) == 2


def test_the_heading_path_leaves_out_a_title_that_stands_above_it():
    html = source_panel.render_source(EN, stored(), 14, 29)
    path = html[html.index('<ol class="path"') : html.index("</ol>")]
    assert Page(path + "</ol>").text == "Plows"


def test_the_heading_path_ends_with_the_innermost_heading():
    assert source_panel.heading_path(OUTLINE, 20) == ("Farms", "Plows")
    assert source_panel.heading_path(OUTLINE, 3) == ("Farms",)


def test_a_sibling_heading_replaces_the_one_before():
    outline = (*OUTLINE, Heading(title="Sparrows", level=2, start=30))
    assert source_panel.heading_path(outline, 40) == ("Farms", "Sparrows")


def test_a_source_that_changed_since_says_so():
    assert "has changed since" in source_panel.render_source(EN, stored(changed=True), 0, 5)


def test_a_very_long_source_is_shown_around_the_quote_and_leads_to_the_rest():
    long = "Harvests failed.\n\n" * 20_000
    html = source_panel.render_source(EN, stored(long, ()), 180_000, 180_016)
    assert Page(html).marked == "Harvests failed."
    assert len(html) < 400_000
    assert html.count("only a part of it is shown") == 2
    assert 'data-start="120000" data-end="120000">Read what comes before</button>' in html
    assert 'data-start="240016" data-end="240016">Read on</button>' in html


@pytest.mark.parametrize(
    ("start", "begins"), [(0, "Farms"), (7, "Plows"), (20, "Plows cut deep."), (30, "Plows cut deep.")]
)
def test_without_a_quote_a_source_is_there_to_read_from_some_place_on(start: int, begins: str):
    html = source_panel.render_source(EN, stored(), start, start)
    assert "<mark" not in html
    assert html.count(" data-here") == 1
    assert begins in html[html.index(" data-here") :][:60]
    assert '<details class="find" open>' in html


def test_with_a_quote_the_search_waits_until_it_is_wanted():
    assert '<details class="find"><summary>' in source_panel.render_source(EN, stored(), 14, 29)


def test_a_heading_has_an_anchor_that_its_place_in_the_version_gives():
    html = source_panel.render_source(EN, stored(), 14, 29)
    assert '<h4 id="at-7" tabindex="-1" dir="auto">Plows</h4>' in html
    assert 'data-event="jump" data-to="at-7" data-path="Plows"><bdi>Plows</bdi>' in html


def test_a_heading_that_is_not_shown_is_opened_by_the_server():
    long = "Farms\n\n" + "Harvests failed.\n\n" * 20_000
    html = source_panel.render_source(
        EN, stored(long, (OUTLINE[0], Heading(title="End", level=2, start=300_001))), 0, 5
    )
    assert 'data-to="at-0"' in html
    assert 'data-start="300001" data-end="300001"><bdi>End</bdi>' in html


def test_a_text_without_headings_has_no_contents():
    assert "Contents" not in Page(source_panel.render_source(EN, stored(TEXT, ()), 14, 29)).text


@pytest.mark.parametrize("span", [(-5, 3), (10**9, 10**9 + 5), (9, 3)])
def test_a_span_outside_the_text_breaks_nothing(span: tuple[int, int]):
    assert_harmless(source_panel.render_source(EN, stored(), *span))


def test_a_problem_with_a_source_is_shown_in_its_place():
    problem = source_panel.render_source_problem(EN, NotFound("There is no such source."), "k")
    assert "There is no such source." in Page(problem).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_in_a_source_are_only_shown(text: str):
    body = f"{text}\n\n- {text}\n\n{text}"
    source = stored(body, (Heading(title=text, level=2, start=0),), name=text, title=text, version=text)
    html = source_panel.render_source(EN, source, 0, len(body))
    assert_harmless(html)
    assert_harmless(source_panel.render_source_problem(EN, NotFound(text), text))


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
    marked = Page(source_panel.render_source(EN, stored(text, ()), start, end)).marked
    shown = escape(text[start:end])
    assert "".join(marked.split()) == "".join(Page(shown).text.split())
