"""Completion: what counts, for whom, and what the LMS is told of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from platform_server import LEARNER, SUBJECT, Reply, launched, linked, platform_server
from sqlalchemy import select

from tutor import completion
from tutor.completion import check_rule, rule_from_custom, set_rule
from tutor.deliveries import open_outbox
from tutor.errors import InputError, NotFound
from tutor.lms import OutgoingScores
from tutor.outbox import Outbox
from tutor.records import Delivery, Progress, Records
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.visitor import OWNER, SCOPES_OF, Visitor

COURSE = "great-leap-forward"
PLATFORM = "https://lms.example:1"
LMS = OutgoingScores()


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    opened = Records(settings.database)
    yield opened
    opened.close()


def ask(records: Records, visitor: Visitor, times: int = 1) -> None:
    for _ in range(times):
        with records.write() as session:
            completion.asked(session, LMS, visitor)


def open_source(records: Records, visitor: Visitor, *sources: str) -> None:
    for source in sources:
        with records.write() as session:
            completion.opened(session, LMS, visitor, COURSE, source)


def told(records: Records) -> list[tuple[Any, ...]]:
    with records.read() as session:
        bodies = [row.body for row in session.scalars(select(Delivery).order_by(Delivery.id))]
    return [(body["subject"], body["score"], body["maximum"], body["progress"]) for body in bodies]


def test_five_questions_and_three_sources_are_a_whole_score(records: Records) -> None:
    ada = launched(records, linked(records, PLATFORM, {"questions": 5, "sources": 3}))
    ask(records, ada, 5)
    assert told(records) == [(SUBJECT, 62.5, 100, "in progress")]
    open_source(records, ada, "a.md", "b.md", "c.md")
    assert told(records) == [(SUBJECT, 100, 100, "completed")]


def test_each_step_is_told_and_none_twice(records: Records) -> None:
    ada = launched(records, linked(records, PLATFORM, {"questions": 2, "sources": 1}))
    scores = []

    class Way:
        most = 1

        def send(self, parcels: Any) -> None:
            scores.append(parcels[0].body["score"])

    box = Outbox(records, {"score": Way()})
    for step in (lambda: ask(records, ada), lambda: open_source(records, ada, "a.md", "a.md", "b.md")) * 3:
        step()
        while box.deliver("score"):
            pass
    assert scores == [33.33, 66.67, 100]


def test_without_a_rule_nothing_is_counted_or_told(records: Records) -> None:
    ada = launched(records, linked(records, PLATFORM))
    ask(records, ada)
    open_source(records, ada, "a.md")
    with records.read() as session:
        assert session.scalar(select(Progress)) is None
    assert told(records) == []


@pytest.mark.parametrize("who", [{"role": "teacher", "scopes": SCOPES_OF["teacher"]}, {"learner": "l_nobody"}])
def test_teachers_and_who_was_not_launched_have_no_score(records: Records, who: dict[str, Any]) -> None:
    link = linked(records, PLATFORM, {"questions": 1})
    launched(records, link)
    ask(records, Visitor(**{"tenant": "oak-hill", "learner": LEARNER, "link": link} | who))
    assert told(records) == []


def test_two_learners_and_two_links_are_counted_apart(records: Records) -> None:
    here = linked(records, PLATFORM, {"questions": 2})
    there = linked(records, "https://lms.example:2", {"questions": 4})
    for link, learner in ((here, "l_ada"), (here, "l_ben"), (there, "l_ada")):
        ask(records, launched(records, link, learner, learner[2:]))
    assert sorted(told(records)) == [
        ("ada", 25, 100, "in progress"), ("ada", 50, 100, "in progress"), ("ben", 50, 100, "in progress")
    ]  # fmt: skip


def test_what_is_done_at_once_is_all_counted(records: Records, settings: Settings) -> None:
    ada = launched(records, linked(records, PLATFORM, {"questions": 40}))
    threads = [threading.Thread(target=ask, args=(records, ada, 10)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told(records) == [(SUBJECT, 100, 100, "completed")]


def test_a_rule_that_becomes_harder_takes_nothing_back(records: Records) -> None:
    link = linked(records, PLATFORM, {"questions": 1})
    ada = launched(records, link)
    ask(records, ada)
    with records.write() as session:
        set_rule(session, link, check_rule({"questions": 10}))
    ask(records, ada)
    assert told(records) == [(SUBJECT, 100, 100, "completed")]


def test_a_rule_can_be_set_and_taken_away(records: Records) -> None:
    link = linked(records, PLATFORM)
    with records.write() as session:
        set_rule(session, link, check_rule({"sources": 2}))
    open_source(records, launched(records, link), "a.md")
    with records.write() as session:
        set_rule(session, link, None)
    open_source(records, launched(records, link), "b.md")
    assert told(records) == [(SUBJECT, 50, 100, "in progress")]
    with pytest.raises(NotFound), records.write() as session:
        set_rule(session, 99, None)


@pytest.mark.parametrize(
    "rule",
    [{}, {"questions": 0}, {"questions": -1, "sources": 5}, {"questions": 10**9}, {"questions": "many"}, {"tasks": 3}],
)
def test_what_is_no_rule_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="questions"):
        check_rule(rule)


def test_a_rule_may_come_with_the_link() -> None:
    rule = rule_from_custom({"complete_questions": "5", "complete_sources": "3", "course": COURSE})
    assert rule and (rule.questions, rule.sources) == (5, 3)
    assert rule_from_custom({"course": COURSE}) is None
    assert rule_from_custom({"complete_questions": "$ResourceLink.questions"}) is None
    with pytest.raises(InputError):
        rule_from_custom({"complete_questions": "five"})


# --- as learners do it -----------------------------------------------------------------------------------------------


def test_questions_and_sources_of_a_learner_are_counted_as_they_happen(lesson_tutor: Tutor) -> None:
    link = linked(lesson_tutor.records, PLATFORM, {"questions": 3, "sources": 1})
    ada = lesson_tutor.visited_by(launched(lesson_tutor.records, link))
    first = ada.ask(COURSE, "When did Mao Zedong die?")
    ada.ask(COURSE, "What is the boiling point of water?", first.conversation)
    ada.ask(COURSE, "Thank you!", first.conversation)
    ada.ask(COURSE, "Why did the harvests fail?", first.conversation)
    for _ in range(2):
        ada.source(COURSE, first.citations[0].source)
    held = ada.conversation(first.conversation).messages[-1]
    ada.ask(COURSE, "Who was Mao Zedong?", first.conversation, replaces=held.id)
    with lesson_tutor.records.read() as session:
        progress = session.scalars(select(Progress).filter_by(link_id=link)).one()
    assert (progress.asked, len(progress.opened), progress.score) == (2, 1, 75)


def test_who_runs_the_tutor_is_nobodys_learner(lesson_tutor: Tutor) -> None:
    before = len(told(lesson_tutor.records))
    lesson_tutor.visited_by(OWNER).ask(COURSE, "When did Mao Zedong die?")
    assert len(told(lesson_tutor.records)) == before


def test_a_score_arrives_at_the_platform_after_the_last_question(lesson_tutor: Tutor) -> None:
    with platform_server() as server:
        server.says("POST /items/1/scores", Reply())
        link = linked(lesson_tutor.records, server.url, {"questions": 1})
        ada = lesson_tutor.visited_by(launched(lesson_tutor.records, link))
        ada.ask(COURSE, "When did Mao Zedong die?")
        box = open_outbox(lesson_tutor.settings, lesson_tutor.records)
        while box.deliver("score"):
            pass
        (asked,) = server.got("POST /items/1/scores")
        assert (asked.json()["scoreGiven"], asked.json()["userId"]) == (100, SUBJECT)
