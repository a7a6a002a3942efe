"""Highlights: key dates, key terms and outline, each an exact span of a source, and nothing where there is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import highlights
from tutor.errors import NotFound
from tutor.readers import read_markdown, read_text
from tutor.tutor import Tutor
from tutor.types import Citation, KeyDate, KeyTerm, Source


def dates(text: str, language: str = "en") -> tuple[KeyDate, ...]:
    return highlights.key_dates("history", [read_markdown("a.md", text, "A")], language)


def terms(text: str) -> tuple[KeyTerm, ...]:
    return highlights.key_terms("history", [read_markdown("a.md", text, "A")])


def assert_exact(place: Citation, source: Source) -> None:
    assert source.text[place.start : place.end] == place.quote
    assert (place.source, place.version, place.marker) == (source.name, source.version, 0)


def test_a_list_of_dates_is_shown_in_the_order_of_time():
    text = "## Dates\n\n- 1964: China set off a bomb.\n- 1949 to 1953: The party took power.\n- Late 1950s: A split.\n"
    found = dates(text)
    assert [date.when for date in found] == ["1949 to 1953", "Late 1950s", "1964"]
    assert found[0].place.quote == "1949 to 1953: The party took power."
    assert found[0].place.section == "Dates"
    for date in found:
        assert_exact(date.place, read_markdown("a.md", text, "A"))


@pytest.mark.parametrize(
    ("sentence", "when"),
    [
        ("In 1958, the plan was announced.", "1958"),
        ("By the late 1960s soldiers clashed.", "late 1960s"),
        ("On September 9, 1976, Mao died.", "September 9, 1976"),
        ("On 9 September 1976 Mao died.", "9 September 1976"),
        ("1958: The plan was announced.", "1958"),
        ("1958 – The plan was announced.", "1958"),
        ("1958–61 The campaign took place.", "1958–61"),
        ("1976-09-09: Mao died.", "1976-09-09"),
        ("In 221 BC the states were united.", "221 BC"),
        ("Between 1958 and 1960 many fled.", "1958 and 1960"),
        ("Im Jahr 1958 begann die Kampagne.", "1958"),
        ("El 9 de septiembre de 1976 murió Mao.", "9 de septiembre de 1976"),
        ("1958年，毛泽东宣布了大跃进。", "1958年"),
    ],
)
def test_a_sentence_that_begins_with_a_date_is_a_key_date(sentence: str, when: str):
    found = dates(f"{sentence}\n\n1800: Before all that.\n\nIn 2020, after it.")
    assert when in [date.when for date in found]
    assert sentence in [date.place.quote for date in found]


@pytest.mark.parametrize(
    "sentence",
    [
        "2000 soldiers marched north.",
        "1,200 people came.",
        "The plan was announced in 1958.",
        "In 15 villages people starved.",
        "In 1958.",
        "1958",
        "Room 1958: the office.",
        "Version 1.1958: changes.",
    ],
)
def test_what_does_not_begin_with_a_date_is_none(sentence: str):
    found = dates(f"{sentence}\n\n1800: Before all that.\n\nIn 2020, after it.")
    assert [date.when for date in found] == ["1800", "2020"]


def test_a_sentence_inside_a_paragraph_is_cut_out_exactly():
    text = "The plan failed. In 1960, famine was raging. Nobody said so.\n\nIn 1964, a bomb went off."
    found = dates(text)
    assert [date.place.quote for date in found] == ["In 1960, famine was raging.", "In 1964, a bomb went off."]
    assert found[0].place.start == text.index("In 1960")


def test_a_sentence_about_a_year_that_a_list_has_is_not_added():
    text = "In 1958, the plan was announced.\n\nIn 1962, it was over.\n\n- 1958: The plan.\n- 1960: The famine.\n"
    assert [date.place.quote for date in dates(text)] == [
        "1958: The plan.", "1960: The famine.", "In 1962, it was over.",
    ]  # fmt: skip


def test_years_before_christ_come_first():
    assert [date.when for date in dates("- 44 BC: Caesar died.\n- 221 BC: China.\n- 9 AD: A battle.\n")] == [
        "221 BC", "44 BC", "9 AD",
    ]  # fmt: skip


def test_one_date_is_no_timeline():
    assert dates("In 1958, the plan was announced. It failed.") == ()


def test_no_more_dates_are_shown_than_a_page_can_hold():
    assert len(dates("".join(f"- {year}: Something.\n" for year in range(1900, 1990)))) == highlights.MOST_DATES


def test_a_glossary_gives_the_terms_with_their_definitions():
    text = "A text.\n\n## Glossary\n\n- **Quota**: an amount of work.\n- **People's commune** – a large unit.\n"
    found = terms(text)
    assert [(term.term, term.definition) for term in found] == [
        ("Quota", "an amount of work."), ("People's commune", "a large unit."),
    ]  # fmt: skip
    for term in found:
        assert_exact(term.place, read_markdown("a.md", text, "A"))
        assert term.place.quote.startswith(term.term)
        assert term.place.quote.endswith(term.definition)


def test_a_glossary_may_have_its_terms_on_lines_of_one_paragraph_or_definitions_over_several():
    terms = "Quota: an amount.\nPurge: an attack.\n\nUtopia: a perfect place,\nas some say.\n"
    source = read_text("a.txt", f"A text of some words.\n\nGlossary\n\n{terms}", "A")
    found = highlights.key_terms("c", [source])
    assert [(term.term, term.definition) for term in found] == [
        ("Quota", "an amount."), ("Purge", "an attack."), ("Utopia", "a perfect place,\nas some say."),
    ]  # fmt: skip
    for term in found:
        assert_exact(term.place, source)


def test_a_list_of_definitions_outside_a_glossary_counts_if_all_of_it_is_one():
    listed = "- Quota: an amount.\n- Purge: an attack.\n- Utopia: a perfect place.\n"
    assert [term.term for term in terms(f"## Ideas\n\n{listed}")] == ["Quota", "Purge", "Utopia"]
    assert terms(f"## Ideas\n\n{listed}- Something else altogether\n") == ()
    assert terms("## Ideas\n\n- Note: read this.\n- Quota: an amount.\n") == ()


def test_a_glossary_goes_before_other_lists():
    listed = "- One: a thing.\n- Two: a thing.\n- Three: a thing.\n"
    assert [term.term for term in terms(f"## Ideas\n\n{listed}\n## Key terms\n\n- Quota: an amount.\n")] == ["Quota"]


def test_dates_and_prose_are_no_terms():
    assert terms("## Glossary\n\n- 1958: The plan.\n- Late 1960s: Clashes.\n- A sentence. And more: so it is.\n") == ()


def test_a_term_is_shown_once_and_no_more_than_a_page_can_hold():
    many = "".join(f"- {name}: a thing.\n" for name in ["Quota", "quota", *(f"W{'x' * n}" for n in range(1, 40))])
    found = terms(f"## Glossary\n\n{many}")
    assert len(found) == highlights.MOST_TERMS
    assert [term.term for term in found][:2] == ["Quota", "Wx"]


def test_an_outline_has_the_two_outermost_levels_and_not_the_title():
    text = "# A\n\nText.\n\n## One\n\nText.\n\n### Deep\n\nText.\n\n#### Deeper\n\nText.\n\n## Empty\n"
    (shown,) = highlights.outlines([read_markdown("a.md", text, "A")])
    assert [(section.title, section.level) for section in shown.sections] == [("One", 1), ("Deep", 2), ("Empty", 1)]
    assert shown.sections[0].question == "Tell me about “One”"
    assert shown.sections[2].question is None  # nothing stands below it


def test_an_outline_of_a_long_course_is_cut():
    long = read_markdown("a.md", "".join(f"## Section {n}\n\nText.\n\n" for n in range(99)), "A")
    shown = highlights.outlines([long] * 99)
    assert len(shown) == highlights.MOST_SOURCES
    assert len(shown[0].sections) == highlights.MOST_SECTIONS


@pytest.mark.parametrize("text", ["Just a sentence.", "One.\n\nTwo: and three."])
def test_a_plain_text_has_no_highlights(text: str):
    source = read_text("a.txt", text, "A")
    assert highlights.key_dates("c", [source], "en") == highlights.key_terms("c", [source]) == ()
    assert highlights.outlines([source])[0].sections == ()


@given(st.text(alphabet="In 1958,:-–.\n*# abAB年9月", max_size=120))
def test_whatever_is_found_is_an_exact_span(text: str):
    source = read_markdown("a.md", text, "A")
    for date in highlights.key_dates("c", [source], "en"):
        assert_exact(date.place, source)
        assert date.when in date.place.quote
    for term in highlights.key_terms("c", [source]):
        assert_exact(term.place, source)


def test_the_home_of_the_bundled_course_has_its_dates_terms_and_sections(lesson_tutor: Tutor):
    home = lesson_tutor.home("great-leap-forward")
    assert [date.when for date in home.dates][:2] == ["1932 and 1933", "1949"]
    assert len(home.dates) == len(home.terms) == 10
    assert home.course.first_questions
    stored = lesson_tutor.source("great-leap-forward", "lesson.md").text
    for place in [one.place for one in (*home.dates, *home.terms)]:
        assert stored[place.start : place.end] == place.quote
    for section in home.outline[0].sections:
        assert stored.startswith(section.title, section.start)


def test_every_section_that_can_be_asked_about_is_answered_from_itself(lesson_tutor: Tutor):
    for section in lesson_tutor.home("great-leap-forward").outline[0].sections:
        if section.question and not section.question.endswith("?"):
            answer = lesson_tutor.ask("great-leap-forward", section.question)
            assert not answer.refused, section.question
            assert {(one.section or "").split(" › ")[0] for one in answer.citations} == {section.title}


def test_an_unknown_course_has_no_home(lesson_tutor: Tutor):
    with pytest.raises(NotFound):
        lesson_tutor.home("nothing")
