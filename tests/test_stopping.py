"""Stopping an answer: it ends at once, keeps nothing, and harms nobody who asks next."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from scripted import scripted, streaming

from tutor import chat
from tutor.chat import Chat, ModelFailed
from tutor.errors import Stopped
from tutor.tutor import Tutor
from tutor.types import Answer
from tutor.web.stopping import until_stopped

COURSE = "great-leap-forward"
DIED = "When did Mao Zedong die?"


def test_a_stopped_answer_is_not_stored(lesson_tutor: Tutor) -> None:
    before, stop = lesson_tutor.conversations(), threading.Event()
    pieces = lesson_tutor.stream(COURSE, DIED, stop=stop)
    assert isinstance(next(pieces), str)
    stop.set()
    with pytest.raises(Stopped):
        next(pieces)
    assert lesson_tutor.conversations() == before


def test_an_answer_that_nobody_stopped_is_stored_once(lesson_tutor: Tutor) -> None:
    *_, answer = lesson_tutor.stream(COURSE, DIED, stop=threading.Event())
    assert isinstance(answer, Answer)
    assert len(lesson_tutor.conversation(answer.conversation).messages) == 1


def test_a_caller_who_leaves_finds_the_answer_later(lesson_tutor: Tutor) -> None:
    id = lesson_tutor.ask(COURSE, DIED).conversation
    pieces = lesson_tutor.stream(COURSE, "What killed him?", id, stop=threading.Event())
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # it is a generator
    assert len(lesson_tutor.conversation(id).messages) == 2


def test_a_chat_model_is_stopped_while_it_is_still_silent(lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch) -> None:
    model, stop = streaming(5.0, "Too late."), threading.Event()
    monkeypatch.setattr(lesson_tutor, "chat", Chat(model, "fake:model", 20.0, 20.0))
    threading.Timer(0.5, stop.set).start()
    before, started = lesson_tutor.conversations(), time.monotonic()
    with pytest.raises(Stopped):
        list(lesson_tutor.stream(COURSE, DIED, stop=stop))
    assert time.monotonic() - started < 4
    assert lesson_tutor.conversations() == before


def test_stopping_often_does_not_count_as_failures_of_the_model() -> None:
    guarded, stop = Chat(scripted("Never read."), "fake:model"), threading.Event()
    stop.set()
    for _ in range(chat.FAILURES + 1):
        with pytest.raises(Stopped):
            list(guarded.until(stop).stream(lambda: iter(["piece"]), time.monotonic() + 5))
    assert list(guarded.stream(lambda: iter(["piece"]), time.monotonic() + 5)) == ["piece"]


def test_a_model_that_is_not_stopped_may_still_be_too_slow() -> None:
    guarded = Chat(scripted("Never read."), "fake:model", first_seconds=0.3)

    def dawdle() -> Iterator[str]:
        time.sleep(2)
        yield "late"

    with pytest.raises(ModelFailed, match="in time"):
        list(guarded.until(threading.Event()).stream(dawdle, time.monotonic() + 5))


def test_whoever_waits_is_released_at_once_and_what_runs_is_closed() -> None:
    stop, go, closed = threading.Event(), threading.Event(), threading.Event()

    def slow() -> Iterator[str]:
        try:
            yield "first"
            go.wait(20)
            yield "second"
        finally:
            closed.set()

    pieces = until_stopped(slow(), stop)
    assert next(pieces) == "first"
    stop.set()
    with pytest.raises(Stopped):
        next(pieces)
    assert not closed.is_set()
    go.set()
    assert closed.wait(5)


def test_what_goes_wrong_reaches_whoever_waits() -> None:
    def failing() -> Iterator[str]:
        yield "first"
        raise KeyError("lost")

    pieces = until_stopped(failing(), threading.Event())
    assert next(pieces) == "first"
    with pytest.raises(KeyError, match="lost"):
        next(pieces)
