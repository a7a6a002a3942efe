"""Idempotency keys: a write that a caller sends again, not knowing whether it arrived, is done once.

It works on requests and responses as bytes, so that all writes have it, streams of events included. What failed is
not kept: it changed nothing and may be tried again. What is under way goes on when the caller leaves.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO

import anyio
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tutor.errors import InputError, NotReady, TooLarge, TutorError
from tutor.replays import Answered, Replays, owner_of
from tutor.tutor import Tutor
from tutor.visitor import Visitor
from tutor.web.access import visitor_of
from tutor.web.problems import told

HEADER = "Idempotency-Key"
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_IN_MEMORY = 256_000  # bytes of a body; a longer one is a file, and waits in one
_PIECE = 65_536
_FAILED = re.compile(rb'^(?:event: error$|data: {"error":)', re.MULTILINE)  # a stream's, after its status was told


class Idempotency:
    """Answers a write that comes again with the same key as it was answered before."""

    def __init__(self, app: ASGIApp, tutor: Tutor, replays: Replays) -> None:
        self.app, self.tutor, self.replays = app, tutor, replays

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it as before."""
        if scope["type"] != "http" or scope["method"] not in _WRITES or not scope["path"].startswith(("/api/", "/v1/")):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        keys = request.headers.getlist(HEADER)
        if not keys:
            await self.app(scope, receive, send)
            return
        with SpooledTemporaryFile(_IN_MEMORY) as body:
            response = None
            try:
                if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
                    raise InputError(f"{HEADER} takes one key of up to 255 letters, digits and signs, such as a UUID.")
                visitor = await run_in_threadpool(visitor_of, self.tutor, request)
                digest = await _receive_all(request, receive, body)
                owner, learner = owner_of(visitor), _learner(request, visitor, body)
                held = await run_in_threadpool(self.replays.begin, owner, keys[0], digest, learner)
                if held is not None:
                    self.tutor.limits.count_call(visitor)
                    response = Response(held.body, held.status, held.headers | {"Idempotent-Replayed": "true"})
            except TutorError as error:
                response = told(request, error)
            if response is not None:
                await response(scope, receive, send)
                return
            await self._answer(scope, body, send, owner, keys[0])

    async def _answer(self, scope: Scope, body: IO[bytes], send: Send, owner: str, key: str) -> None:
        """Answer the write for the first time; it is kept, or let go, before the caller has its end and comes again."""
        settled, answered = False, _Recorded()

        async def sending(message: Message) -> None:
            nonlocal settled
            answered.record(message)
            if answered.ended:
                if answered.succeeded:
                    await run_in_threadpool(self.replays.finish, owner, key, answered.whole())
                else:
                    await run_in_threadpool(self.replays.drop, owner, key)
                settled = True
            await send(message)

        try:
            await self.app(scope, _replayed(body), sending)
        finally:
            if not settled:
                with anyio.CancelScope(shield=True):  # also where the call took too long
                    await run_in_threadpool(self.replays.drop, owner, key)


@dataclass
class _Recorded:
    """A response as it goes out."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False

    def record(self, message: Message) -> None:
        """Take up the next message of the response."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self.ended = not message.get("more_body", False)

    @property
    def succeeded(self) -> bool:
        """Whether it says that the write was done."""
        return 200 <= self.status < 300 and not _FAILED.search(self.body)

    def whole(self) -> Answered:
        """Return the response as it is given again."""
        headers = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
        return Answered(self.status, headers, self.body.decode())


async def _receive_all(request: Request, receive: Receive, body: IO[bytes]) -> str:
    """Write the body of a request to ``body`` and return what stands for the whole request: its SHA-256."""
    digest = sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    try:
        async for piece in Request(request.scope, receive).stream():
            digest.update(piece)
            body.write(piece)
    except HTTPException:  # of what counts the bytes
        raise TooLarge("The request is larger than the tutor takes. Send less.") from None
    except OSError as error:
        raise NotReady(f"The request cannot be kept: {error.strerror or error}. Free space and try again.") from error
    return digest.hexdigest()


def _replayed(body: IO[bytes]) -> Receive:
    """Return what gives ``body`` to the application, and never that the caller has left."""
    body.seek(0)
    more = True

    async def receive() -> Message:
        nonlocal more
        if not more:
            await anyio.sleep_forever()
        piece = body.read(_PIECE)
        more = len(piece) == _PIECE
        return {"type": "http.request", "body": piece, "more_body": more}

    return receive


def _learner(request: Request, visitor: Visitor, body: IO[bytes]) -> str | None:
    """Return for which learner a write is made, so that what is kept of it can be erased with the rest of theirs."""
    body.seek(0)
    said = None
    if request.method == "POST":
        try:
            sent = json.loads(body.read(_IN_MEMORY))
            said = sent.get("learner") or sent.get("user")  # as clients of OpenAI call them
        except (ValueError, AttributeError, RecursionError):
            said = None
    learner = said or request.query_params.get("learner") or visitor.learner
    return learner if isinstance(learner, str) else None
