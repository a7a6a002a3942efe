"""Stopping: an answer that ends for the student at once, whatever the tutor is doing at that moment."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import TypeVar

from tutor.chat import LOOK, check_going

T = TypeVar("T")


def until_stopped(pieces: Iterator[T], stop: threading.Event) -> Iterator[T]:
    """Yield from ``pieces``, which run on a thread of their own; raises `Stopped` as soon as ``stop`` is set.

    Where nobody listens any more, ``pieces`` are closed as soon as they can be.
    """
    arrived: queue.SimpleQueue[tuple[T] | BaseException | None] = queue.SimpleQueue()
    left = threading.Event()

    def fetch() -> None:
        try:
            with closing(pieces):  # type: ignore[type-var]  # every caller's are a generator
                for piece in pieces:
                    arrived.put((piece,))
                    if left.is_set():
                        break
            arrived.put(None)
        except BaseException as error:  # handed to the thread that waits for it
            arrived.put(error)

    threading.Thread(target=fetch, name="answer", daemon=True).start()
    try:
        while True:
            check_going(stop)
            try:
                got = arrived.get(timeout=LOOK)
            except queue.Empty:
                continue
            if got is None:
                return
            if isinstance(got, BaseException):
                raise got
            yield got[0]
    finally:
        left.set()
