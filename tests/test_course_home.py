"""The home of a course: what it offers, what it leaves out where there is nothing, and that nothing in it can run."""

from __future__ import annotations

import pytest
from markup import HOSTILE, Page, assert_harmless
from test_rendering import citation

from tutor.types import CourseHome, CourseInfo, KeyDate, KeyTerm, Section, SourceOutline
from tutor.web.course_home import MOST_OPEN, render_home
from tutor.web.texts import texts

EN = texts("en")


def course(**other: object) -> CourseInfo:
    facts: dict[str, object] = {"id": "farming", "title": "Farms", "language": "en", "licence": None, "sources": 1}
    return CourseInfo.model_validate(facts | other)


def source(*sections: Section, name: str = "lesson.md", title: str = "The farm") -> SourceOutline:
    return SourceOutline(name=name, title=title, version="sha256:0", characters=99, sections=sections)


PLOWS = Section(title="Plows", level=1, start=7, question="Tell me about “Plows”")


def test_a_section_can_be_asked_about_and_read():
    html = render_home(EN, CourseHome(course=course(), outline=(source(PLOWS),)))
    assert 'data-event="suggest" data-question="Tell me about “Plows”" aria-label="Ask about Plows"' in html
    assert 'data-start="7" data-end="7" aria-label="Read Plows"' in html
    assert 'data-start="0" data-end="0" aria-label="Read The farm"' in html


def test_a_section_that_nothing_stands_below_can_only_be_read():
    html = render_home(EN, CourseHome(course=course(), outline=(source(Section(title="Empty", level=1, start=7)),)))
    assert "Ask about" not in html
    assert 'aria-label="Read Empty"' in html


def test_the_sections_of_a_small_course_are_open_and_those_of_a_large_one_wait():
    long = source(*(Section(title=f"Part {n}", level=1, start=n) for n in range(MOST_OPEN + 1)))
    small = (source(PLOWS), source(PLOWS, name="b.md"))
    assert "<details open>" in render_home(EN, CourseHome(course=course(), outline=(long,)))
    assert render_home(EN, CourseHome(course=course(sources=2), outline=small)).count("<details open>") == 2
    large = render_home(EN, CourseHome(course=course(sources=2), outline=(long, source(PLOWS, name="b.md"))))
    assert "<details open>" not in large
    assert "<details><summary>31 sections</summary>" in large
    assert "<details><summary>1 section</summary>" in large


def test_a_course_of_many_texts_says_that_not_all_are_shown():
    html = render_home(EN, CourseHome(course=course(sources=90), outline=(source(), source(name="b.md"))))
    assert "The first 2 of 90 texts are shown." in Page(html).text


def test_a_date_is_said_once_and_opens_its_place():
    dates = (
        KeyDate(when="1949", place=citation(0, "1949: The party took power.")),
        KeyDate(when="1958", place=citation(0, "In 1958, the plan was announced.")),
    )
    html = render_home(EN, CourseHome(course=course(), outline=(), dates=dates))
    assert "1949 The party took power." in Page(html).text
    assert "1958 In 1958, the plan was announced." in Page(html).text
    assert html.count('class="date" data-event="cite"') == 2


def test_a_term_stands_with_its_definition_and_opens_its_place():
    place = citation(0, "Quota: an amount of work.")
    html = render_home(
        EN,
        CourseHome(
            course=course(), outline=(), terms=(KeyTerm(term="Quota", definition="an amount of work.", place=place),)
        ),
    )
    assert "Quota an amount of work." in Page(html).text
    assert f'data-start="{place.start}" data-end="{place.end}"><strong dir="auto">Quota</strong>' in html


def test_nothing_is_announced_where_there_is_nothing():
    page = Page(render_home(EN, CourseHome(course=course(), outline=())))
    assert "h2" not in page.tags
    assert "button" not in page.tags


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_in_a_home_are_only_shown(text: str):
    place = citation(0, text, title=text, section=text, source=text, version=text, course=text)
    section = Section(title=text, level=1, start=0, question=text)
    home = CourseHome(
        course=course(id=text, title=text, first_questions=(text,), sources=9),
        outline=(SourceOutline(name=text, title=text, version=text, characters=9, sections=(section,)),),
        dates=(KeyDate(when=text, place=place),),
        terms=(KeyTerm(term=text, definition=text, place=place),),
    )
    assert_harmless(render_home(EN, home))
