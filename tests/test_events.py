"""Streamed answers over a real server: told piece by piece, taken up where they were cut off, left without a trace."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from serving import serving
from test_api import told

from tutor.errors import InputError, NotFound, NotReady
from tutor.tutor import Tutor
from tutor.types import Answer, Timings
from tutor.visitor import OWNER
from tutor.web import events
from tutor.web.events import Stream, Streams, taken_up

COURSE = "great-leap-forward"
ASK = f"/api/v1/courses/{COURSE}/ask"
DIED = "When did Mao Zedong die?"
BODY = {"question": DIED, "stream": True}


@pytest.fixture(scope="module")
def http(live_server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_server, timeout=60) as client:
        yield client


class Gate:
    """Holds an answer back after each piece, until it is let go on."""

    def __init__(self, tutor: Tutor, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stream, self._steps = tutor.stream, threading.Semaphore(0)
        self.ended = threading.Event()
        monkeypatch.setattr(tutor, "stream", self._held_back)

    def _held_back(self, *arguments: Any, **named: Any) -> Iterator[str | Answer]:
        for piece in self._stream(*arguments, **named):
            yield piece
            self._steps.acquire(timeout=60)
        self.ended.set()

    def open(self, pieces: int = 1_000) -> None:
        self._steps.release(pieces)


@pytest.fixture
def gate(lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(lesson_tutor, monkeypatch)
    yield gate
    gate.open()


def read(response: httpx.Response, most: int = 1_000) -> list[tuple[str, str, Any]]:
    """Return the id, name and data of at most so many events; a comment has the name only."""
    received: list[tuple[str, str, Any]] = []
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line.startswith(":"):
            received.append(("", ":", None))
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            received.append((fields["id"], fields["event"], json.loads(fields["data"])))
            fields = {}
        if len(received) >= most:
            break
    return received


def follow(http: httpx.Client, where: str, last: str = "", **params: str) -> list[tuple[str, str, Any]]:
    with http.stream("GET", where, headers={"Last-Event-ID": last} if last else {}, params=params) as response:
        assert response.status_code == 200, response.read()
        return read(response)


def test_events_have_ids_and_the_response_says_where_to_take_them_up(http: httpx.Client) -> None:
    with http.stream("POST", ASK, json=BODY) as response:
        where = response.headers["content-location"]
        received = read(response)
    stream = where.rpartition("/")[2]
    assert where == f"{ASK}/{stream}"
    assert [id for id, _, _ in received] == [f"{stream}.{n}" for n in range(1, len(received) + 1)]
    assert [name for _, name, _ in received[-2:]] == ["answer", "done"]


def test_whoever_was_cut_off_receives_what_they_missed(http: httpx.Client, gate: Gate) -> None:
    with http.stream("POST", ASK, json=BODY) as response:
        where = response.headers["content-location"]
        first = read(response, most=1)
    gate.open()
    rest = follow(http, where, first[0][0])
    tokens = [data["text"] for _, name, data in [*first, *rest] if name == "token"]
    answer = rest[-2][2]
    assert rest[0][0].endswith(".2")
    assert "".join(tokens) == answer["answer"]
    assert follow(http, where) == [*first, *rest]
    assert follow(http, where, rest[-1][0])[1:] == []


def test_the_same_question_with_the_last_event_id_is_not_asked_again(http: httpx.Client, lesson_tutor: Tutor) -> None:
    with http.stream("POST", ASK, json=BODY) as response:
        received = read(response)
    count = len(lesson_tutor.conversations())
    with http.stream("POST", ASK, json=BODY, headers={"Last-Event-ID": received[0][0]}) as response:
        assert read(response) == received[1:]
    assert len(lesson_tutor.conversations()) == count


def test_an_answer_that_nobody_reads_is_brought_to_its_end_and_stored(
    http: httpx.Client, gate: Gate, lesson_tutor: Tutor
) -> None:
    address = urlsplit(str(http.base_url))
    body = json.dumps(BODY).encode()
    head = f"POST {ASK} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    count = len(lesson_tutor.conversations())
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as caller:
        caller.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert caller.recv(1)
    gate.open()
    assert gate.ended.wait(30)
    assert len(lesson_tutor.conversations()) == count + 1


def test_fifty_who_never_read_hold_up_nobody(http: httpx.Client, gate: Gate) -> None:
    address = urlsplit(str(http.base_url))
    body = json.dumps(BODY).encode()
    head = f"POST {ASK} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    gate.open(1_000_000)
    callers = [socket.create_connection((str(address.hostname), int(address.port or 0))) for _ in range(50)]
    for caller in callers:
        caller.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert http.post(ASK, json={"question": DIED}).json()["refused"] is False
    for caller in callers:
        caller.close()


def test_silence_is_told_by_a_beat(http: httpx.Client, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BEAT", 0.05)
    monkeypatch.setattr(events, "PATIENCE", 60)
    with http.stream("POST", ASK, json=BODY) as response:
        names = [name for _, name, _ in read(response, most=3)]
    assert names == ["token", ":", ":"]


def test_a_failure_after_the_stream_began_is_its_last_event(
    http: httpx.Client, lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Iterator[str]:
        time.sleep(0.2)
        raise NotReady("The disk is full. Free space and try again.")
        yield ""

    monkeypatch.setattr(lesson_tutor, "stream", failing)
    monkeypatch.setattr(events, "PATIENCE", 0.01)
    with http.stream("POST", ASK, json=BODY) as response:
        where = response.headers["content-location"]
        ((_, name, data),) = read(response)
    assert (name, data["status"], data["detail"]) == ("error", 503, "The disk is full. Free space and try again.")
    assert data["request_id"] == response.headers["x-request-id"]
    assert [name for _, name, _ in follow(http, where)] == ["error"]


@pytest.mark.parametrize(
    ("stream", "last", "status", "said"),
    [
        ("nowhere", "", 404, "not known here, or not any more. Read its conversation, or ask again."),
        ("nowhere", "x", 400, "not the id of an event"),
        ("nowhere", "other.3", 400, "belongs to another answer"),
    ],
)
def test_what_cannot_be_taken_up_is_told(stream: str, last: str, status: int, said: str, http: httpx.Client) -> None:
    response = http.get(f"{ASK}/{stream}", headers={"Last-Event-ID": last})
    assert said in told(response, status)


def test_a_stream_is_of_the_learner_who_began_it(http: httpx.Client) -> None:
    with http.stream("POST", ASK, json=BODY | {"learner": "ann"}) as response:
        where = response.headers["content-location"]
        received = read(response)
    told(http.get(where), 404)
    told(http.get(where, params={"learner": "bob"}), 404)
    told(http.get(where.replace(COURSE, "other"), params={"learner": "ann"}), 404)
    assert follow(http, where, learner="ann") == received


def test_after_some_minutes_the_stored_answer_is_told(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with http.stream("POST", ASK, json=BODY) as response:
        where = response.headers["content-location"]
        received = read(response)
    monkeypatch.setattr(events, "KEPT", -1.0)
    assert follow(http, where, received[0][0]) == received[-2:]
    deleted = http.delete(f"/api/v1/conversations/{received[-2][2]['conversation']}")
    assert deleted.status_code == 204
    told(http.get(where), 404)


# --- in this process -------------------------------------------------------------------------------------------------


def answer(text: str = "Yes.") -> Answer:
    return Answer(
        question="Is it?", standalone_question="Is it?", answer=text, refused=False, reason=None, claims=(),
        citations=(), nearest=(), suggestions=(), course="c", conversation="c_1", answerer="quotes", prompts=(),
        timings_ms=Timings(),
    )  # fmt: skip


def test_readers_who_come_at_any_time_receive_the_same() -> None:
    stream, go_on = Stream(OWNER, "c"), threading.Event()

    def pieces() -> Iterator[str | Answer]:
        yield "Y"
        go_on.wait(20)
        yield "es."
        yield answer()

    async def everything(after: int = 0) -> list[Any]:
        return [part async for part in stream.follow(after)]

    async def all_readers() -> list[list[Any]]:
        early = [asyncio.create_task(everything()) for _ in range(20)]
        await asyncio.sleep(0)
        thread = threading.Thread(target=stream.run, args=(pieces(),))
        thread.start()
        go_on.set()
        received = await asyncio.gather(*early)
        thread.join()
        return [*received, await everything()]

    received = asyncio.run(all_readers())
    assert all(parts == [(1, "Y"), (2, "es."), (3, answer())] for parts in received)


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_HELD", 3)
    monkeypatch.setattr(events, "MOST_KNOWN", 5)
    streams = Streams()
    begun = [streams.begin(OWNER, "c", iter(["Yes.", answer()])) for _ in range(9)]
    deadline = time.monotonic() + 20
    while streams.running:
        assert time.monotonic() < deadline
    streams._sweep()
    assert sum(stream.parts[0] is not None for stream in begun) == 3
    assert len(streams._known) == 5


def test_what_is_wrong_with_a_question_is_raised_before_its_stream_begins() -> None:
    def refused() -> Iterator[str]:
        raise InputError("The question is empty.")
        yield ""

    streams = Streams()
    with pytest.raises(InputError, match="is empty"):
        streams.begin(OWNER, "c", refused())
    assert not streams._known


def test_an_unexpected_failure_ends_a_stream_and_tells_nothing_of_the_inside(lesson_tutor: Tutor) -> None:
    def broken() -> Iterator[str]:
        yield "Ann's "
        raise RuntimeError("Ann's secret")

    streams = Streams()
    stream = streams.begin(OWNER, COURSE, broken())

    async def told() -> str:
        return b"".join([event async for event in events._events(stream, 0)]).decode()

    assert "Ann's secret" not in (said := asyncio.run(told()))
    assert '"status":500' in said
    assert "event: done" not in said
    other = lesson_tutor.visited_by(replace(OWNER, learner="bob"))
    with pytest.raises(NotFound):
        streams.find(other, COURSE, stream.id)


def test_a_last_event_id_names_its_stream() -> None:
    assert taken_up("a-b_c.12") == ("a-b_c", 12)
    assert taken_up("") == taken_up(None) == ("", 0)


def test_fifty_streams_at_once_lose_nothing(lesson_tutor: Tutor) -> None:
    async def one(client: httpx.AsyncClient) -> str:
        response = await client.post(ASK, json=BODY)
        return response.text

    async def fifty(address: str) -> list[str]:
        limits = httpx.Limits(max_connections=60)
        async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
            return await asyncio.gather(*(one(client) for _ in range(50)))

    with serving(lesson_tutor) as address:
        told = asyncio.run(fifty(address))
    assert all("event: answer" in said and "event: done" in said for said in told)
