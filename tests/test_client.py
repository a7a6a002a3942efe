"""The Python client against a real server: what it returns, what it raises, and that a broken stream loses nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tutor import client as module
from tutor.client import TutorClient
from tutor.errors import InputError, NotFound, NotReady, TooLarge, TooMany, TutorError, Unauthorised
from tutor.tutor import Tutor
from tutor.types import Answer, Feedback
from tutor.web import access

COURSE = "great-leap-forward"
DIED = "When did Mao Zedong die?"


@pytest.fixture(scope="module")
def client(live_server: str) -> Iterator[TutorClient]:
    with TutorClient(live_server) as made:
        yield made


@contextmanager
def breaking(address: str, *after: int) -> Iterator[str]:
    """Yield the address of a way to ``address`` on which the first connections break off after so many bytes."""
    target, lasts = urlsplit(address), list(after)

    def pass_on(near: socket.socket) -> None:
        with near, socket.create_connection((str(target.hostname), int(target.port or 0))) as far:
            threading.Thread(target=copy, args=(near, far), daemon=True).start()
            left = lasts.pop(0) if lasts else 10**9
            while left > 0 and (data := far.recv(min(left, 4096))):
                near.sendall(data)
                left -= len(data)
            near.shutdown(socket.SHUT_RDWR)

    def copy(near: socket.socket, far: socket.socket) -> None:
        try:
            while data := near.recv(4096):
                far.sendall(data)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=pass_on, args=(near,), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_courses_sources_and_texts_are_read(client: TutorClient, lesson_tutor: Tutor) -> None:
    assert client.courses() == lesson_tutor.courses()
    assert client.sources(COURSE) == lesson_tutor.sources(COURSE)
    (source,) = client.sources(COURSE)
    stored = client.source(COURSE, source.name, source.version)
    assert stored == lesson_tutor.source(COURSE, source.name)


def test_an_answer_is_stored_gone_on_with_judged_and_deleted(client: TutorClient) -> None:
    first = client.ask(COURSE, DIED, learner="ann")
    second = client.ask(COURSE, "What killed him?", first.conversation, learner="ann")
    assert second.standalone_question == "What killed Mao Zedong?"
    held = client.conversation(first.conversation, learner="ann")
    assert [message.answer for message in held.messages] == [first, second]
    assert first.conversation in [one.id for one in client.conversations(COURSE, learner="ann")]
    given = client.give_feedback(held.id, held.messages[0].id, Feedback(rating="up"), learner="ann")
    assert client.conversation(held.id, learner="ann").messages[0].feedback == given
    client.delete_conversation(held.id, learner="ann")
    with pytest.raises(NotFound):
        client.conversation(held.id, learner="ann")


def test_all_parts_of_a_long_list_are_followed(client: TutorClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [client.ask(COURSE, DIED, learner="eve").conversation for _ in range(3)]
    send = client._send
    monkeypatch.setattr(
        client,
        "_send",
        lambda method, path, **o: send(method, path, **{**o, "params": {**o["params"], "limit": 1}} if o else o),
    )
    assert [one.id for one in client.conversations(learner="eve")] == ids[::-1]


def test_a_stream_is_pieces_and_then_the_answer(client: TutorClient) -> None:
    *pieces, answer = client.stream(COURSE, DIED)
    assert isinstance(answer, Answer)
    assert "".join(map(str, pieces)) == answer.answer
    assert client.conversation(answer.conversation).messages[-1].answer == answer


def test_a_stream_that_breaks_off_is_taken_up_and_loses_nothing(
    live_server: str, lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.01)
    asked: list[str] = []
    stream = lesson_tutor.stream

    def counted(*arguments: Any, **named: Any) -> Iterator[str | Answer]:
        asked.append(arguments[1])
        yield from stream(*arguments, **named)

    monkeypatch.setattr(lesson_tutor, "stream", counted)
    with breaking(live_server, 1_300, 1_250, 1_800, 100) as address, TutorClient(address, trust_env=False) as client:
        *pieces, answer = client.stream(COURSE, DIED)
    assert isinstance(answer, Answer)
    assert "".join(map(str, pieces)) == answer.answer
    assert asked == [DIED]


def test_a_stream_that_can_never_be_taken_up_ends(live_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)
    with (
        breaking(live_server, 1_300, *[10] * 99) as address,
        TutorClient(address, trust_env=False) as client,
        pytest.raises(NotReady, match="does not answer as one"),
    ):
        list(client.stream(COURSE, DIED))


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda c: c.ask(COURSE, " "), InputError, "The question is empty."),
        (lambda c: c.ask(COURSE, "a" * 2_001), TooLarge, "longer than 2,000 characters"),
        (lambda c: c.ask("nowhere", DIED), NotFound, "There is no course 'nowhere'"),
        (lambda c: list(c.stream("nowhere", DIED)), NotFound, "There is no course 'nowhere'"),
        (lambda c: c.ask(COURSE, "\ud800"), TutorError, "."),
        (lambda c: c.conversation("../courses"), NotFound, ""),
        (lambda c: c.source(COURSE, "a/../b?c#d"), NotFound, "no source 'a/../b?c#d'"),
    ],
)
def test_what_is_wrong_is_raised_as_it_would_be_there(
    call: Any, kind: type[TutorError], said: str, client: TutorClient
) -> None:
    with pytest.raises(kind) as raised:
        call(client)
    assert said in str(raised.value)
    assert raised.value.status == kind.status or kind is TutorError
    assert raised.value.request_id


def test_a_failure_in_mid_stream_is_raised(
    client: TutorClient, lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Iterator[str]:
        yield "Mao "
        raise NotReady("The disk is full. Free space and try again.")

    monkeypatch.setattr(lesson_tutor, "stream", failing)
    parts = client.stream(COURSE, DIED)
    assert next(parts) == "Mao "
    with pytest.raises(NotReady, match="The disk is full"):
        next(parts)


def test_a_key_is_sent_as_a_bearer(live_server: str) -> None:
    with (
        TutorClient(live_server, api_key="tutor_wrong") as client,
        pytest.raises(Unauthorised, match="no such API key"),
    ):
        client.courses()


def test_too_many_calls_say_how_long_to_wait(client: TutorClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise TooMany("That was often. Wait.", seconds=7)

    monkeypatch.setattr(access, "visitor_of", refuse)
    with pytest.raises(TooMany) as raised:
        client.courses()
    assert raised.value.seconds == 7


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(500, text="Internal Server Error"),
        httpx.Response(404, json={"detail": 7}),
        httpx.Response(200, json={"courses": []}),
        httpx.Response(302, headers={"Location": "http://evil.example"}),
    ],
)
def test_what_is_no_tutor_is_told(answer: httpx.Response) -> None:
    with TutorClient("http://127.0.0.1:1") as client:
        client._http = httpx.Client(base_url=client.url, transport=httpx.MockTransport(lambda _: answer))
        with pytest.raises(NotReady, match="does not answer as one"):
            client.courses()


def test_nobody_at_the_address_is_told() -> None:
    with TutorClient("http://127.0.0.1:1", trust_env=False) as client:
        with pytest.raises(NotReady, match="Check the address"):
            client.courses()
        with pytest.raises(NotReady, match="Check the address"):
            list(client.stream(COURSE, DIED))


def test_a_learner_is_exported_and_erased(client: TutorClient) -> None:
    answer = client.ask(COURSE, DIED, learner="kim/é")
    (held,) = client.export_learner("kim/é")["conversations"]
    assert held["id"] == answer.conversation
    client.erase_learner("kim/é")
    assert client.export_learner("kim/é")["conversations"] == []
    with pytest.raises(NotFound):
        client.conversation(answer.conversation, learner="kim/é")
