"""xAPI: what a real Learning Record Store is told, and what it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from platform_server import LEARNER, Reply, Server, launched, linked, platform_server
from record_store import PASSWORD, USER, Store, record_store
from sqlalchemy import select, update

from tutor.deliveries import open_outbox
from tutor.embedder import Embedder
from tutor.errors import SetupError
from tutor.fetching import Fetcher
from tutor.outbox import Outbox, now
from tutor.records import Delivery
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.visitor import Visitor
from tutor.xapi import RecordStore, Statements

COURSE = "great-leap-forward"
BASE = "http://127.0.0.1:7860"
QUESTION, OFF_TOPIC = "When did Mao Zedong die?", "What is the boiling point of water?"
ACTOR = {"objectType": "Agent", "account": {"homePage": BASE, "name": LEARNER}}


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "lrs.password"
    file.write_text(f"{PASSWORD}\n")
    return file


@pytest.fixture
def server() -> Iterator[Server]:
    with platform_server() as running:
        running.says("POST /xAPI/statements", Reply(200, []))
        yield running


@pytest.fixture
def tutor(lesson_home: Path, password: Path, server: Server, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor with the bundled course that reports to a record store."""
    settings = Settings.load(xapi_url=f"{server.url}/xAPI", xapi_user=USER, xapi_password_file=password)
    with Tutor.open(settings) as opened:
        opened.loaded.embedder = embedder
        yield opened


def bodies(tutor: Tutor) -> list[dict[str, Any]]:
    with tutor.records.read() as session:
        return [row.body for row in session.scalars(select(Delivery).filter_by(kind="xapi").order_by(Delivery.id))]


def verbs(statements: list[dict[str, Any]]) -> list[str]:
    return [statement["verb"]["display"]["en"] for statement in statements]


def a_lesson(tutor: Tutor) -> Tutor:
    """Ask, be refused and read, as a learner who was launched."""
    link = linked(tutor.records, "https://lms.example:1", {"questions": 1, "sources": 1})
    ada = tutor.visited_by(launched(tutor.records, link))
    answer = ada.ask(COURSE, QUESTION)
    ada.ask(COURSE, OFF_TOPIC, answer.conversation)
    ada.source(COURSE, answer.citations[0].source)
    return ada


def deliver(box: Outbox) -> None:
    while box.deliver("xapi"):
        pass


@pytest.mark.timeout(1_000)  # it is installed on first use
def test_a_real_record_store_takes_each_statement_once(
    tutor: Tutor, password: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with record_store(tmp_path_factory.mktemp("ralph")) as store:
        a_lesson(tutor)
        settings = tutor.settings.model_copy(update={"xapi_url": store.url})
        deliver(open_outbox(settings, tutor.records))
        held = store.statements()
        wanted = ["asked", "answered", "asked", "refused", "attempted", "read", "scored", "scored"]
        assert sorted(verbs(held)) == sorted(wanted)
        # A crash before it was noted that they arrived has them sent once more, some of them with a new one.
        with tutor.records.write() as session:
            session.execute(update(Delivery).values(delivered_at=None, due_at=now()))
        deliver(open_outbox(settings, tutor.records))
        again = store.statements()
        assert sorted(one["id"] for one in again) == sorted(one["id"] for one in held)
        with tutor.records.read() as session:
            rows = session.scalars(select(Delivery).filter_by(kind="xapi")).all()
            assert all(row.delivered_at for row in rows), [row.failure for row in rows]
        wrong = tmp_path_factory.mktemp("wrong") / "password"
        wrong.write_text("wrong")
        _is_kept_while_the_password_is_wrong(tutor, store, wrong)


def _is_kept_while_the_password_is_wrong(tutor: Tutor, store: Store, wrong: Path) -> None:
    before = len(store.statements())
    with tutor.records.write() as session:
        Statements(BASE).read(session, Visitor("oak-hill", learner="l_ben"), COURSE, "a.md", "v1")
    settings = tutor.settings.model_copy(update={"xapi_url": store.url, "xapi_password_file": wrong})
    deliver(open_outbox(settings, tutor.records))
    with tutor.records.read() as session:
        row = session.scalars(select(Delivery).filter_by(learner="l_ben")).one()
    assert row.given_up_at is None and "(401)" in (row.failure or "")
    assert len(store.statements()) == before


def test_a_question_and_its_answer_are_stated_without_a_word_of_them(tutor: Tutor) -> None:
    a_lesson(tutor)
    told = bodies(tutor)
    written = json.dumps(told)
    for word in ("Mao", "boiling", "1976", "water"):
        assert word not in written
    asked, answered = (
        next(one for one in told if one["verb"]["display"]["en"] == verb) for verb in ("asked", "answered")
    )
    assert asked["actor"] == ACTOR
    assert answered["actor"]["account"] == {"homePage": BASE, "name": "tutor"}
    assert answered["context"]["statement"] == {"objectType": "StatementRef", "id": asked["id"]}
    assert asked["object"] == answered["object"]
    course = asked["context"]["contextActivities"]["parent"][0]
    assert course["id"] == f"{BASE}/api/v1/courses/{COURSE}"


def test_scores_are_stated_as_they_are_given(tutor: Tutor) -> None:
    a_lesson(tutor)
    scored = [one["result"] for one in bodies(tutor) if one["verb"]["display"]["en"] == "scored"]
    assert [(one["score"]["scaled"], one["completion"]) for one in scored] == [(0.5, False), (1.0, True)]


def test_an_id_follows_from_what_is_stated(tutor: Tutor) -> None:
    ada = a_lesson(tutor)
    before = [one["id"] for one in bodies(tutor)]
    ada.source(COURSE, ada.sources(COURSE)[0].name)
    assert [one["id"] for one in bodies(tutor)] == before
    assert len({UUID(id) for id in before}) == len(before)


def test_many_statements_go_in_one_request_as_the_store_knows_the_tutor(tutor: Tutor, server: Server) -> None:
    a_lesson(tutor)
    deliver(open_outbox(tutor.settings, tutor.records))
    (asked,) = server.got("POST /xAPI/statements")
    assert len(asked.json()) == 8
    assert asked.headers["x-experience-api-version"] == "1.0.3"
    assert asked.headers["authorization"] == "Basic dHV0b3I6b25seS1mb3ItdGVzdHM="


@pytest.mark.parametrize(
    ("status", "arrived", "given_up"), [(409, True, False), (400, False, True), (413, False, True)]
)
def test_a_statement_that_is_refused_alone_is_judged_alone(
    tutor: Tutor, server: Server, status: int, arrived: bool, given_up: bool
) -> None:
    for name in ("l_ada", "l_ben"):
        with tutor.records.write() as session:
            Statements(BASE).read(session, Visitor(learner=name), COURSE, "a.md", "v1")
    server.says("POST /xAPI/statements", Reply(status), Reply(200, []), Reply(status))
    deliver(open_outbox(tutor.settings, tutor.records))
    with tutor.records.read() as session:
        first, second = session.scalars(select(Delivery).order_by(Delivery.due_at, Delivery.id)).all()
    assert [len(asked.json()) for asked in server.got("POST /xAPI/statements")] == [2, 1, 1]
    assert first.delivered_at or second.delivered_at
    assert (bool(first.delivered_at and second.delivered_at), bool(first.given_up_at or second.given_up_at)) == (
        arrived,
        given_up,
    )


@pytest.mark.parametrize("status", [301, 401, 403, 404, 429, 500, 503])
def test_a_store_that_is_not_set_up_or_not_there_loses_nothing(tutor: Tutor, server: Server, status: int) -> None:
    a_lesson(tutor)
    server.says("POST /xAPI/statements", Reply(status, headers={"Retry-After": "60"}))
    deliver(open_outbox(tutor.settings, tutor.records))
    with tutor.records.read() as session:
        rows = session.scalars(select(Delivery).filter_by(kind="xapi")).all()
    assert not any(row.delivered_at or row.given_up_at for row in rows)
    assert len(server.got("POST /xAPI/statements")) == 1


def test_a_store_inside_is_not_called(tutor: Tutor) -> None:
    a_lesson(tutor)
    with tutor.records.read() as session:
        assert session.scalar(select(Delivery.failure).filter_by(kind="xapi")) is None
    inside = RecordStore(Fetcher(), "https://10.0.0.8/xAPI", USER, PASSWORD)
    deliver(Outbox(tutor.records, {"xapi": inside}))
    with tutor.records.read() as session:
        failures = session.scalars(select(Delivery.failure).filter_by(kind="xapi")).all()
    assert all("not on the public internet" in (failure or "") for failure in failures)


def test_without_a_store_nothing_is_stated(lesson_home: Path, embedder: Embedder) -> None:
    with Tutor.open(Settings.load()) as tutor:
        tutor.loaded.embedder = embedder
        assert bodies(a_lesson(tutor)) == []


def test_who_has_no_learner_to_speak_of_is_not_stated(tutor: Tutor) -> None:
    tutor.ask(COURSE, QUESTION)
    tutor.visited_by(Visitor()).ask(COURSE, QUESTION)
    assert bodies(tutor) == []


def test_a_store_without_a_password_is_told_at_the_start(tutor: Tutor, tmp_path: Path) -> None:
    for file in (None, tmp_path / "missing"):
        settings = tutor.settings.model_copy(update={"xapi_password_file": file})
        with pytest.raises(SetupError, match="TUTOR_XAPI_PASSWORD_FILE"):
            open_outbox(settings, tutor.records)


def test_the_password_is_not_among_what_the_doctor_prints(tutor: Tutor) -> None:
    assert PASSWORD not in json.dumps(tutor.settings.origins())
