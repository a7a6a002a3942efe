"""Actions: which are offered for what, and that no name, question or comment becomes markup."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from markup import HOSTILE, Page, assert_harmless
from test_rendering import answer, citation

from tutor.types import ConversationInfo, Feedback, Message, StoredSource
from tutor.web import actions
from tutor.web.texts import texts

EN = texts("en")

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def message(feedback: Feedback | None = None, **other: object) -> Message:
    return Message(id="m_1", created_at=NOW, answer=answer(**other), feedback=feedback)  # type: ignore[arg-type]


def info(title: str = "Plows") -> ConversationInfo:
    return ConversationInfo(id="c_1", course="farming", title=title, created_at=NOW, updated_at=NOW)


@pytest.mark.parametrize("words", HOSTILE)
def test_nobodys_words_become_markup(words):
    judged = message(Feedback(rating="down", comment=words[:1_000]), question=words)
    cited = answer(citations=(citation(text=words, title=words, source=words, section=words),))
    source = StoredSource(course=words, name=words, title=words, version=words, outline=(), text=words)
    for html in (
        actions.entry_actions(EN, info(words), current=True),
        actions.answer_actions(EN, judged, last=True),
        actions.printed_sources(EN, cited),
        actions.source_link(EN, source, 0, 1),
    ):
        assert_harmless(html)


@pytest.mark.parametrize(
    ("given", "up", "down"),
    [(None, "false", "false"), (Feedback(rating="up"), "true", "false"), (Feedback(rating="down"), "false", "true")],
)
def test_the_thumb_that_was_chosen_is_pressed(given, up, down):
    pressed = [
        value for name, value in Page(actions.answer_actions(EN, message(given), True)).attributes if "pressed" in name
    ]
    assert pressed == [up, down]


def test_only_the_last_question_is_asked_anew():
    assert "Edit question" in actions.answer_actions(EN, message(), last=True)
    assert "Edit question" not in actions.answer_actions(EN, message(), last=False)


@pytest.mark.parametrize(
    ("facts", "offered"),
    [
        ({}, False),
        ({"fallback": "language"}, False),
        ({"fallback": "slow"}, True),
        ({"answerer": "fake:model"}, True),
        ({"answerer": "fake:model", "fallback": "failed"}, True),
    ],
)
def test_another_answer_is_offered_where_it_may_be_another(facts, offered):
    assert ("Answer again" in actions.answer_actions(EN, message(**facts), last=True)) == offered


def test_only_the_open_conversation_is_printed():
    assert "Print" in actions.entry_actions(EN, info(), current=True)
    assert "Print" not in actions.entry_actions(EN, info(), current=False)


def test_paper_shows_each_quotation_with_its_place():
    page = Page(actions.printed_sources(EN, answer(citations=(citation(), citation(2, "Deeper.", page=3)))))
    assert "[1] Plows cut deep. Farms, Farms › Plows (lesson.md)" in page.text
    assert "[2] Deeper. Farms, Farms › Plows, page 3 (lesson.md)" in page.text
    assert actions.printed_sources(EN, answer(citations=())) == ""
