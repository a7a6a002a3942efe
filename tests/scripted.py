"""Scripted chat models: LangChain's own fake, which says one reply after another, and fails or dawdles where told."""

from __future__ import annotations

from collections.abc import Iterator
from time import sleep
from typing import Any

import httpx
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk


class StatusError(Exception):
    """What a provider's client raises for an HTTP status."""

    def __init__(self, status: int, **headers: str) -> None:
        super().__init__(f"status {status} of a server with the key sk-very-secret")
        self.status_code = status
        self.response = httpx.Response(status, headers=headers)


class Script:
    """Replies in order: a text, an error to raise, or seconds to wait before the next one; the last text for ever."""

    def __init__(self, *replies: str | Exception | float) -> None:
        self.replies = list(replies)
        self.asked = 0

    def __iter__(self) -> Script:
        return self

    def __next__(self) -> AIMessage:
        self.asked += 1
        while True:
            last = len(self.replies) == 1
            reply = self.replies[0] if last else self.replies.pop(0)
            if isinstance(reply, Exception):
                raise reply
            if isinstance(reply, str):
                return AIMessage(reply)
            sleep(reply)
            if last:
                return AIMessage("Too late.")


def scripted(*replies: str | Exception | float) -> GenericFakeChatModel:
    """Return a model that follows a `Script`; it streams word by word."""
    return GenericFakeChatModel(messages=Script(*replies))


def asked(model: GenericFakeChatModel) -> int:
    """Return how often a scripted model was asked."""
    assert isinstance(model.messages, Script)
    return model.messages.asked


class Streaming(GenericFakeChatModel):
    """Streams the pieces of one reply as they are given: a text, seconds to wait, or an error to raise."""

    pieces: list[Any]
    seen: list[list[BaseMessage]] = []  # noqa: RUF012 (pydantic copies it)
    closed: list[bool] = []  # noqa: RUF012

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        self.seen.append(messages)
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, float):
                    sleep(piece)
                    continue
                yield ChatGenerationChunk(message=piece if isinstance(piece, AIMessageChunk) else AIMessageChunk(piece))
        finally:
            self.closed.append(True)


def streaming(*pieces: Any) -> Streaming:
    """Return a model that streams these pieces each time it is asked."""
    return Streaming(messages=iter([]), pieces=list(pieces), seen=[], closed=[])
