"""Suggestions: questions made from a course's own headings."""

from __future__ import annotations

import pytest

from tutor.readers import read_markdown, read_text
from tutor.suggestions import MOST, first_questions, heading_questions, next_questions
from tutor.types import Source

LESSON = """# The Leap

Intro.

## The plan

It began.

## Empty section

## The famine

It followed.

## Questions

### When was it?

In 1958.

### Who led it?

Mao.
"""


def markdown(text: str) -> Source:
    return read_markdown("a.md", text, None)


def test_headings_that_ask_are_taken_as_they_stand_and_others_asked_about() -> None:
    assert [question for question, _ in heading_questions(markdown(LESSON))] == [
        "Tell me about “The plan”",
        "Tell me about “The famine”",
        "When was it?",
        "Who led it?",
    ]


def test_a_suggestion_knows_where_its_heading_stands() -> None:
    source = markdown(LESSON)
    assert all(
        source.text[at:].startswith(q.removeprefix("Tell me about “")[:6]) for q, at in heading_questions(source)
    )


@pytest.mark.parametrize("section", ["## Map\n\n![A map](x)", "## What is it?", "## What is it?\n\n![A map](x)"])
def test_a_heading_without_a_sentence_below_it_is_not_asked_about(section: str) -> None:
    found = heading_questions(markdown(f"# T\n\nIntro.\n\n{section}\n\n## Next\n\nBody.\n"))
    assert [question for question, _ in found] == ["Tell me about “Next”"]


def test_a_question_of_plain_text_is_taken_if_it_is_answered() -> None:
    source = read_text("a.txt", "T\n\nIntro.\n\nFAQ\n\nQ: Who led?\n\nQ: When?\n\nIn 1958.\n", None)
    assert [question for question, _ in heading_questions(source)] == ["Tell me about “FAQ”", "When?"]


def test_the_title_is_not_asked_about() -> None:
    assert heading_questions(markdown("# The Leap\n\nIt began.\n")) == []


def test_first_questions_are_at_most_four_with_the_courses_own_first() -> None:
    assert first_questions([markdown(LESSON)]) == (
        "When was it?",
        "Who led it?",
        "Tell me about “The plan”",
        "Tell me about “The famine”",
    )


@pytest.mark.parametrize("lesson", [LESSON * 3, LESSON.replace("### ", "### Why "), "# T\n\nBody.\n"])
def test_first_questions_never_repeat_and_never_exceed_the_most(lesson: str) -> None:
    questions = first_questions([markdown(lesson), markdown(lesson)])
    assert len(questions) == len(set(questions)) <= MOST


def test_a_course_of_requests_alone_fills_its_first_questions_with_them() -> None:
    lesson = "# T\n\nIntro.\n\n" + "".join(f"## Part {n}\n\nBody.\n\n" for n in range(6))
    assert first_questions([markdown(lesson)]) == tuple(f"Tell me about “Part {n}”" for n in range(4))


def test_next_questions_begin_with_what_follows() -> None:
    source = markdown(LESSON)
    assert next_questions(source, source.text.index("It followed."), ()) == (
        "When was it?",
        "Who led it?",
        "Tell me about “The plan”",
    )


def test_next_questions_leave_out_what_was_asked() -> None:
    source = markdown(LESSON)
    suggested = next_questions(source, len(source.text), ["when was it", "WHO LED IT?", "tell me about “the plan”."])
    assert suggested == ("Tell me about “The famine”",)


def test_a_source_without_headings_suggests_nothing() -> None:
    assert next_questions(markdown("Body alone.\n"), 0, ()) == ()
