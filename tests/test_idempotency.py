"""Idempotency keys: a write that comes again is done once, and answered as it was the first time."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from serving import serving
from sqlalchemy import select, update

from tutor.embedder import Embedder
from tutor.errors import NotReady
from tutor.records import Records, Replay
from tutor.replays import Answered, Replays
from tutor.settings import Settings
from tutor.tenants import create_tenant
from tutor.tutor import Tutor
from tutor.types import Answer

API = "/api/v1"
ASK = f"{API}/courses/notes/ask"
WHY = {"question": "Why did the harvest of 1959 fail?"}


@pytest.fixture(scope="module")
def tutor(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor in personal mode with one small course, and a tenant."""
    folder = tmp_path_factory.mktemp("replays")
    (folder / "harvest.md").write_text("# Notes\n\nThe harvest of 1959 failed because the weather was bad.\n")
    with Tutor.open(Settings.load(home=folder / "home")) as opened:
        opened.loaded.embedder = embedder
        create_tenant(opened.records, "oak")
        opened.ingest("notes", [folder / "harvest.md"])
        yield opened


@pytest.fixture(scope="module")
def http(tutor: Tutor) -> Iterator[httpx.Client]:
    """A caller of a server of that tutor."""
    with serving(tutor) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """An idempotency key of the test's own."""
    return str(hash(request.node.nodeid))


def named(key: str, **more: str) -> dict[str, str]:
    """Return the header that names a write."""
    return {"Idempotency-Key": key, **more}


def count(tutor: Tutor) -> int:
    """Return how many questions were stored."""
    return sum(len(tutor.conversation(held.id).messages) for held in tutor.conversations())


def kept(tutor: Tutor, key: str) -> list[Replay]:
    """Return what is kept under a key."""
    with tutor.records.read() as session:
        return list(session.scalars(select(Replay).filter_by(key=key)))


# --- once ------------------------------------------------------------------------------------------------------------


def test_a_question_that_comes_again_is_answered_once(key: str, http: httpx.Client, tutor: Tutor) -> None:
    before = count(tutor)
    first, again = (http.post(ASK, json=WHY, headers=named(key)) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert "weather was bad" in first.json()["answer"]
    assert again.content == first.content
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-content-type-options"] == "nosniff"
    assert count(tutor) == before + 1


def test_a_streamed_answer_comes_again_as_the_same_events(key: str, http: httpx.Client, tutor: Tutor) -> None:
    before = count(tutor)
    first, again = (http.post(ASK, json=WHY | {"stream": True}, headers=named(key)) for _ in range(2))
    assert again.headers["content-type"].startswith("text/event-stream")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.text == first.text
    assert first.text.rpartition("event: ")[2].startswith("done\n")
    assert count(tutor) == before + 1


def test_without_a_key_a_question_is_asked_each_time(http: httpx.Client, tutor: Tutor) -> None:
    before = count(tutor)
    assert [http.post(ASK, json=WHY).status_code for _ in range(2)] == [200, 200]
    assert count(tutor) == before + 2


def test_a_conversation_is_deleted_renamed_and_judged_once(key: str, http: httpx.Client, tutor: Tutor) -> None:
    id = http.post(ASK, json=WHY).json()["conversation"]
    (message,) = tutor.conversation(id).messages
    path = f"{API}/conversations/{id}"
    writes: list[tuple[str, str, Any]] = [
        ("POST", f"{path}/answers/{message.id}/feedback", {"rating": "up"}),
        ("DELETE", f"{path}/answers/{message.id}/feedback", None),
        ("PATCH", path, {"title": "The harvest"}),
        ("DELETE", path, None),
    ]
    for number, (method, address, body) in enumerate(writes):
        one, two = (http.request(method, address, json=body, headers=named(f"{key}{number}")) for _ in range(2))
        assert (one.status_code, one.content) == (two.status_code, two.content), method
        assert (one.is_success, two.headers["idempotent-replayed"]) == (True, "true"), method
    assert http.delete(path).status_code == 404


def test_a_file_is_handed_in_once_however_large(key: str, http: httpx.Client, tutor: Tutor) -> None:
    path, text = f"{API}/courses/files/sources/long.md", b"The rain fell on the field.\n" * 20_000
    first, again = (http.put(path, content=text, params={"title": "Files"}, headers=named(key)) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    other = http.put(path, content=text[:-1], params={"title": "Files"}, headers=named(key))
    assert other.status_code == 422
    assert tutor.material("files").files


# --- another request, a failure, another caller -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ASK, {"question": "Who?"}),
        (ASK, WHY | {"stream": True}),
        (f"{ASK}?x=1", WHY),
        (f"{API}/courses/other/ask", WHY),
    ],
)
def test_a_key_that_came_with_another_request_is_refused(
    path: str, body: dict[str, Any], key: str, http: httpx.Client, tutor: Tutor
) -> None:
    assert http.post(ASK, json=WHY, headers=named(key)).status_code == 200
    before = count(tutor)
    refused = http.post(path, json=body, headers=named(key))
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert "came with another request. Use a new one" in refused.json()["detail"]
    assert count(tutor) == before


@pytest.mark.parametrize("body", [{"question": " "}, {}, {"question": "Who?", "conversation": "c_0"}])
def test_what_failed_may_be_tried_again_with_the_same_key(
    body: dict[str, str], key: str, http: httpx.Client, tutor: Tutor
) -> None:
    first, again = (http.post(ASK, json=body, headers=named(key)) for _ in range(2))
    assert first.is_client_error
    assert (again.status_code, "idempotent-replayed" in again.headers) == (first.status_code, False)
    assert http.post(ASK, json=WHY, headers=named(key)).status_code == 200


def test_a_stream_that_failed_half_way_may_be_tried_again(
    key: str, http: httpx.Client, tutor: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Iterator[str]:
        yield "The "
        raise NotReady("The disk is full. Free space and try again.")

    body = WHY | {"stream": True}
    with monkeypatch.context() as patch:
        patch.setattr(tutor, "stream", failing)
        assert "event: error" in http.post(ASK, json=body, headers=named(key)).text
    assert "event: done" in http.post(ASK, json=body, headers=named(key)).text


def test_what_failed_unexpectedly_may_be_tried_again(
    key: str, http: httpx.Client, tutor: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tutor, "ask", lambda *_, **__: 1 / 0)
        failed = httpx.post(f"{http.base_url}{ASK}", json=WHY, headers=named(key))  # the server ends the connection
    assert failed.status_code == 500
    assert kept(tutor, key) == []
    assert http.post(ASK, json=WHY, headers=named(key)).status_code == 200


@pytest.mark.parametrize("name", ["", "x" * 256, "a b", "é"])
def test_a_key_that_cannot_be_one_is_refused(name: str, http: httpx.Client) -> None:
    refused = http.post(ASK, json=WHY, headers={"Idempotency-Key": name.encode()})
    assert (refused.status_code, "up to 255 letters" in refused.json()["detail"]) == (400, True)


def test_a_key_belongs_to_its_caller(key: str, http: httpx.Client, tutor: Tutor) -> None:
    callers = [tutor.keys.create("oak", "Moodle", ["ask"]).key for _ in range(2)]
    shown: list[dict[str, str]] = [{}, *({"Authorization": f"Bearer {one}"} for one in callers)]
    answers = [http.post(ASK, json=WHY, headers=named(key, **who)).json() for who in shown]
    assert len({answer["conversation"] for answer in answers}) == 3
    again = http.post(ASK, json=WHY, headers=named(key, **shown[1]))
    assert again.json() == answers[1]


def test_nobody_gets_a_stored_answer_without_a_key_in_force(key: str, http: httpx.Client, tutor: Tutor) -> None:
    caller = tutor.keys.create("oak", "Moodle", ["ask"])
    who = {"Authorization": f"Bearer {caller.key}"}
    assert http.post(ASK, json=WHY, headers=named(key, **who)).status_code == 200
    tutor.keys.revoke(caller.id)
    refused = http.post(ASK, json=WHY, headers=named(key, **who))
    assert (refused.status_code, "www-authenticate" in refused.headers) == (401, True)


def test_what_is_kept_names_its_learner(key: str, http: httpx.Client, tutor: Tutor) -> None:
    id = http.post(ASK, json=WHY | {"learner": "ann"}, headers=named(f"{key}1")).json()["conversation"]
    path = f"{API}/conversations/{id}"
    http.patch(path, json={"title": "Rain"}, params={"learner": "ann"}, headers=named(f"{key}2"))
    assert [row.learner for n in "12" for row in kept(tutor, f"{key}{n}")] == ["ann", "ann"]


def test_too_much_is_refused_as_without_a_key(key: str, http: httpx.Client, tutor: Tutor) -> None:
    pieces = (b"a" * 65_536 for _ in range(16))
    refused = http.post(ASK, content=pieces, headers=named(key))
    assert (refused.status_code, refused.json()["title"]) == (413, "Too large")
    assert kept(tutor, key) == []


# --- under way, broken off --------------------------------------------------------------------------------------------


@pytest.fixture
def held_back(tutor: Tutor, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Make answers wait in the middle; two events: one has begun, and may it go on."""
    begun, go_on, stream = threading.Event(), threading.Event(), tutor.stream

    def waiting(*arguments: Any, **more: Any) -> Iterator[str | Answer]:
        for piece in stream(*arguments, **more):
            begun.set()
            go_on.wait(20)
            yield piece

    monkeypatch.setattr(tutor, "stream", waiting)
    yield begun, go_on
    go_on.set()


def in_background(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run ``call`` on a thread, and return it with the list that gets the result."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    return thread, results


def test_a_request_that_comes_again_while_it_is_answered_is_a_conflict(
    key: str, http: httpx.Client, tutor: Tutor, held_back: tuple[threading.Event, threading.Event]
) -> None:
    begun, go_on = held_back
    body = WHY | {"stream": True}
    thread, results = in_background(lambda: http.post(ASK, json=body, headers=named(key)))
    assert begun.wait(20)
    refused = http.post(ASK, json=body, headers=named(key))
    go_on.set()
    thread.join()
    assert (refused.status_code, "is being answered already" in refused.json()["detail"]) == (409, True)
    assert results[0].status_code == 200
    assert http.post(ASK, json=body, headers=named(key)).text == results[0].text


def test_the_answer_is_there_for_a_caller_who_left_while_it_was_made(
    key: str, http: httpx.Client, tutor: Tutor, held_back: tuple[threading.Event, threading.Event]
) -> None:
    begun, go_on = held_back
    before = count(tutor)
    body = json.dumps(WHY | {"stream": True}).encode()
    address = urlsplit(str(http.base_url))
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as caller:
        head = (
            f"POST {ASK} HTTP/1.1\r\nHost: {address.netloc}\r\nIdempotency-Key: {key}\r\nContent-Type: application/json"
        )
        caller.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert begun.wait(20)
    go_on.set()
    again = post_until_answered(http, body, key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.text.rpartition("event: ")[2].startswith("done\n")
    assert count(tutor) == before + 1


def post_until_answered(http: httpx.Client, body: bytes, key: str) -> httpx.Response:
    """Return the answer to a question that is sent again as long as it is under way."""
    headers = named(key) | {"Content-Type": "application/json"}
    return next(
        got for got in iter(lambda: http.post(ASK, content=body, headers=headers), None) if got.status_code != 409
    )


@pytest.fixture
def replays(tmp_path: Path) -> Iterator[Replays]:
    """The replays of a database of the test's own."""
    records = Records(f"sqlite:///{tmp_path / 'tutor.db'}")
    yield Replays(records, timedelta(minutes=1))
    records.close()


def test_a_write_that_a_crash_broke_off_is_tried_again_after_the_start(replays: Replays) -> None:
    replays.begin("oak/1", "done", "r", None)
    replays.finish("oak/1", "done", Answered(200, {"content-type": "text/plain"}, "yes"))
    replays.begin("oak/1", "cut", "r", None)
    replays.drop_unfinished()
    assert replays.begin("oak/1", "cut", "r", None) is None
    assert replays.begin("oak/1", "done", "r", None) == Answered(200, {"content-type": "text/plain"}, "yes")


@pytest.mark.parametrize(("age", "finished"), [(timedelta(minutes=2), False), (timedelta(hours=25), True)])
def test_what_takes_too_long_or_was_long_ago_is_done_anew(age: timedelta, finished: bool, replays: Replays) -> None:
    replays.begin("oak/1", "k", "r", None)
    if finished:
        replays.finish("oak/1", "k", Answered(200, {}, ""))
    with replays._records.write() as session:
        session.execute(update(Replay).values(created_at=datetime.now(UTC) - age))
    assert replays.begin("oak/1", "k", "r", None) is None


def test_a_server_that_starts_takes_up_what_was_cut_off(key: str, tutor: Tutor, tmp_path: Path) -> None:
    Replays(tutor.records, timedelta(days=1)).begin("local/x", key, "r", None)
    with serving(tutor):
        assert kept(tutor, key) == []
