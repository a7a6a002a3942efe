"""Events: an answer told piece by piece (server-sent events), taken up again by whoever was cut off.

An answer under way belongs to no connection. A thread of its own brings it to its end; what it says is kept for a few
minutes, and its stored answer is told after that. Readers wait without a thread, and one who leaves or never reads
leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from functools import partial
from hashlib import sha256
from threading import Event, Lock, Thread
from time import monotonic
from urllib.parse import quote

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import BaseModel

from tutor.errors import InputError, NotFound, TutorError
from tutor.tutor import Tutor
from tutor.types import Answer
from tutor.visitor import Visitor
from tutor.web.problems import problem_of

log = logging.getLogger("tutor.web")

BEAT = 15.0  # seconds of silence after which a reader is told that the answer is still under way
PATIENCE = 5.0  # seconds that a response waits for the first words, to tell what is wrong by its status
KEPT = 300.0  # seconds that what an answer said is kept after its end
AS_IT_COMES = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nothing on the way holds a stream back
MOST_HELD = 512  # with what they said, at most KEPT seconds
MOST_KNOWN = 10_000  # without: that they lead to their stored answers

Part = str | Answer | Exception | None  # None: not kept any more
_ID = re.compile(r"([\w-]{1,64})\.([0-9]{1,9})")


class Token(BaseModel):
    """A piece of an answer's text; joined, the pieces are the answer."""

    text: str


class Stream:
    """One answer under way or ended: its parts in order, for any number of readers."""

    def __init__(self, owner: Visitor, course: str) -> None:
        self.id = secrets.token_urlsafe(18)
        self.course = course
        self.parts: list[Part] = []
        self.conversation = ""  # that holds the answer
        self.said = ""  # a hash, by which its stored answer is known
        self.ended_at: float | None = None
        self.begun = Event()
        self._owner = owner.whose
        self._waiting: set[Callable[[], object]] = set()
        self._lock = Lock()

    def is_of(self, visitor: Visitor) -> bool:
        """Return whether ``visitor`` began it."""
        return self._owner == visitor.whose

    def run(self, pieces: Iterator[str | Answer]) -> None:
        """Take in all that ``pieces`` yield; what they raise is the last part."""
        try:
            for piece in pieces:
                if isinstance(piece, Answer):
                    self.conversation, self.said = piece.conversation, _hash(piece)
                self._add(piece)
        except Exception as error:
            if not isinstance(error, TutorError):
                log.error("an answer broke off", exc_info=error)
            self._add(error)
        finally:
            self.ended_at = monotonic()
            self._wake()

    def forget(self) -> None:
        """Keep only where the answer is stored, or why there is none."""
        self.parts = [part if isinstance(part, Exception) else None for part in self.parts]

    async def follow(self, after: int = 0) -> AsyncGenerator[tuple[int, Part]]:
        """Yield the parts after the first ``after`` with their numbers, as they come; (0, None) for each beat."""
        woken = asyncio.Event()
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, woken.set)
        with self._lock:
            self._waiting.add(wake)
        try:
            while True:
                woken.clear()
                ended = self.ended_at is not None  # looked at first: what came before the end is told
                while after < len(self.parts):
                    after += 1
                    if (part := self.parts[after - 1]) is not None:
                        yield after, part
                if ended:
                    return
                try:
                    async with asyncio.timeout(BEAT):
                        await woken.wait()
                except TimeoutError:
                    yield 0, None
        finally:
            with self._lock:
                self._waiting.discard(wake)

    def _add(self, part: Part) -> None:
        self.parts.append(part)
        self._wake()

    def _wake(self) -> None:
        self.begun.set()
        with self._lock:
            for wake in self._waiting:
                with contextlib.suppress(RuntimeError):  # the server of that reader has ended
                    wake()


class Streams:
    """The answers under way of one server, and those that have ended lately. Thread-safe."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Stream] = OrderedDict()
        self._lock = Lock()

    @property
    def running(self) -> int:
        """How many are under way."""
        with self._lock:
            return sum(stream.ended_at is None for stream in self._known.values())

    def begin(self, visitor: Visitor, course: str, pieces: Iterator[str | Answer]) -> Stream:
        """Return a stream that takes in ``pieces``, once it has begun.

        Raises what they raise before their first one.
        """
        self._sweep()
        stream = Stream(visitor, course)
        with self._lock:
            self._known[stream.id] = stream
        Thread(target=stream.run, args=(pieces,), name="answer", daemon=True).start()
        stream.begun.wait(PATIENCE)
        if stream.parts and isinstance(failure := stream.parts[0], Exception):
            with self._lock:
                self._known.pop(stream.id, None)
            raise failure
        return stream

    def find(self, tutor: Tutor, course: str, id: str) -> Stream:
        """Return the visitor's own stream of this id; raises `NotFound`, also where its answer was deleted since."""
        self._sweep()
        with self._lock:
            stream = self._known.get(id)
        seen = stream and stream.course == course and course in {held.id for held in tutor.courses()}
        if stream is None or not seen or not stream.is_of(tutor.visitor):
            said = "This answer is not known here, or not any more. Read its conversation, or ask again."
            raise NotFound(said)
        if not stream.said:
            return stream
        held = (message.answer for message in reversed(tutor.conversation(stream.conversation).messages))
        stored = next((answer for answer in held if _hash(answer) == stream.said), None)
        if stored is None:
            raise NotFound("This answer was deleted. Ask again.")
        if stream.parts[-1] is not None:
            return stream
        told = Stream(tutor.visitor, course)
        told.id, told.ended_at = stream.id, stream.ended_at
        told.parts = [*stream.parts[:-1], stored]
        return told

    def _sweep(self) -> None:
        """Forget what ended answers said, and the oldest ones altogether."""
        now = monotonic()
        with self._lock:
            ended = [stream for stream in self._known.values() if stream.ended_at is not None]
            for place, stream in enumerate(reversed(ended)):
                if place >= MOST_HELD or now - (stream.ended_at or now) > KEPT:
                    stream.forget()
            for stream in ended[: max(0, len(self._known) - MOST_KNOWN)]:
                del self._known[stream.id]


def respond(stream: Stream, after: int = 0) -> EventSourceResponse:
    """Return what ``stream`` says after its first ``after`` events; ``Content-Location`` is where to take it up."""
    where = f"/api/v1/courses/{quote(stream.course, safe='')}/ask/{stream.id}"
    return EventSourceResponse(_events(stream, after), headers={**AS_IT_COMES, "Content-Location": where})


def taken_up(last: str | None) -> tuple[str, int]:
    """Return which stream a ``Last-Event-ID`` belongs to and how many of its events were received; raises `InputError`.

    Of an empty one the stream is empty.
    """
    if not last:
        return "", 0
    match = _ID.fullmatch(last)
    if match is None:
        raise InputError("Last-Event-ID is not the id of an event. Send the last one that came, or leave it out.")
    return match[1], int(match[2])


async def _events(stream: Stream, after: int) -> AsyncIterator[bytes]:
    failed = False
    async with contextlib.aclosing(stream.follow(after)) as parts:
        async for number, part in parts:
            id = f"{stream.id}.{number}"
            match part:
                case None:
                    yield KEEPALIVE_COMMENT
                case str():
                    yield format_sse_event(event="token", data_str=Token(text=part).model_dump_json(), id=id)
                case Answer():
                    yield format_sse_event(event="answer", data_str=part.model_dump_json(), id=id)
                case _:
                    failed = True
                    yield format_sse_event(event="error", data_str=problem_of(part).model_dump_json(), id=id)
    if not failed:
        yield format_sse_event(event="done", data_str="{}", id=f"{stream.id}.{len(stream.parts) + 1}")


def _hash(answer: Answer) -> str:
    return sha256(f"{answer.question}\0{answer.answer}".encode(errors="surrogatepass")).hexdigest()
