"""Limits: how often somebody may call, and how many answers are made at once. Each process counts for itself."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import BoundedSemaphore, Event, Lock

from tutor.chat import check_going
from tutor.errors import NotReady, TooMany
from tutor.settings import Settings
from tutor.visitor import Visitor

TYPE_CHECKING = False
if TYPE_CHECKING:  # it takes a quarter of a second to import, which only serving needs
    from limits.strategies import MovingWindowRateLimiter

_PATIENCE = 0.1  # seconds until somebody who waits looks whether they still want to


class Limits:
    """The limits of one installation. Thread-safe. Whoever runs the tutor is not counted."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._free = BoundedSemaphore(settings.answers_at_once)
        self._inside = 0
        self._counting = Lock()

    @property
    def most_inside(self) -> int:
        """How many answers are made or wait at most."""
        return self._settings.answers_at_once + self._settings.answers_waiting

    @property
    def inside(self) -> int:
        """How many answers are made or wait now."""
        return self._inside

    def count_call(self, visitor: Visitor) -> None:
        """Count a call against the key that was shown and the learner who asks; raises `TooMany`."""
        if visitor.key and not visitor.runs:
            self._count(self._settings.key_calls_per_minute, "key", visitor.key)
        self.count_learner(visitor)

    def count_learner(self, visitor: Visitor) -> None:
        """Count a call against the learner who asks; raises `TooMany`."""
        if visitor.learner and not visitor.runs:
            self._count(self._settings.learner_calls_per_minute, "learner", visitor.account)

    def _count(self, most: int, *who: str) -> None:
        from limits import RateLimitItemPerMinute

        if not most:
            return
        limit = RateLimitItemPerMinute(most)
        if not self._limiter.hit(limit, *who):
            again, _ = self._limiter.get_window_stats(limit, *who)
            seconds = max(1, math.ceil(again - time.time()))
            said = f"More than {most} calls came within a minute. Try again in {seconds} seconds."
            raise TooMany(said, "too-many", seconds=seconds)

    @cached_property
    def _limiter(self) -> MovingWindowRateLimiter:
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        return MovingWindowRateLimiter(MemoryStorage())

    @contextmanager
    def place(self, stop: Event | None = None) -> Iterator[None]:
        """Hold one of the places in which answers are made, once one is free.

        Raises `NotReady` where too many wait already, `Stopped` where ``stop`` is set meanwhile.
        """
        with self._counting:
            if self._inside >= self.most_inside:
                raise NotReady("Many questions are being answered. Try again in a few seconds.", "many-questions")
            self._inside += 1
        try:
            while not self._free.acquire(timeout=_PATIENCE if stop else None):
                check_going(stop)
            try:
                yield
            finally:
                self._free.release()
        finally:
            with self._counting:
                self._inside -= 1
