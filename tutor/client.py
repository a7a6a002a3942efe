"""The client: the tutor of another process, called over its HTTP API.

with TutorClient("https://tutor.example.org", api_key="tutor_…") as tutor:
answer = tutor.ask("great-leap-forward", "Why did the harvests fail?", learner="student-7")
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from tutor.errors import (
    Conflict,
    Forbidden,
    InputError,
    NotFound,
    NotReady,
    TooLarge,
    TooMany,
    TutorError,
    Unauthorised,
    UnreadableSource,
)
from tutor.types import (
    Answer,
    Conversation,
    ConversationInfo,
    CourseInfo,
    Feedback,
    SourceInfo,
    StoredSource,
)

PATIENCE = 120.0  # seconds of silence; an answer may have to wait until the server has warmed its models
PART = 50  # of a long list that is read at a time
RESUMES = 5  # times that a stream which brings nothing new is taken up again
_PAUSE = 0.2  # seconds before the first of them, then twice as long each time
_KINDS: dict[int, type[TutorError]] = {
    error.status: error
    for error in (
        InputError, UnreadableSource, TooLarge, Unauthorised, Forbidden, NotFound, Conflict, TooMany, NotReady,
    )
}  # fmt: skip
Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class _Event:
    id: str
    name: str
    data: str


class TutorClient:
    """Calls a tutor. What it answers with an error is raised as `TutorError` of the kind that it would be there.

    The message is the problem's detail; its ``request_id`` finds the request in the server's log. Raises `NotReady`
    where nothing answers as a tutor.
    """

    def __init__(self, url: str, api_key: str | None = None, timeout: float = PATIENCE, trust_env: bool = True) -> None:
        """Make a client of the tutor at ``url``; without ``trust_env`` no proxy of the environment is used."""
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout, trust_env=trust_env)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- courses and sources -----------------------------------------------------------------------------------------

    def courses(self) -> tuple[CourseInfo, ...]:
        """Return the courses that can be asked, by title."""
        return self._get(tuple[CourseInfo, ...], "courses")

    def sources(self, course: str) -> tuple[SourceInfo, ...]:
        """Return the sources of a course."""
        return self._get(tuple[SourceInfo, ...], f"courses/{_part(course)}/sources")

    def source(self, course: str, name: str, version: str | None = None) -> StoredSource:
        """Return a source with its text, at the ``version`` that a citation gives or as it is now."""
        return self._get(StoredSource, f"courses/{_part(course)}/sources/{_part(name)}", version=version)

    # --- questions ---------------------------------------------------------------------------------------------------

    def ask(self, course: str, question: str, conversation: str | None = None, learner: str | None = None) -> Answer:
        """Return the answer to ``question``, stored there; ``conversation`` is that of an earlier answer."""
        body = {"question": question, "conversation": conversation, "learner": learner}
        response = self._send("POST", f"courses/{_part(course)}/ask", **_json(_without_none(body)))
        return self._shaped(Answer, response)

    def stream(
        self, course: str, question: str, conversation: str | None = None, learner: str | None = None
    ) -> Iterator[str | Answer]:
        """Yield the answer's text in pieces, and last the whole `Answer`.

        A connection that breaks off is taken up where it was, and nothing is asked or told twice.
        """
        body = _without_none({"question": question, "conversation": conversation, "learner": learner, "stream": True})
        where, last, tries = "", "", 0
        while True:
            method, path = ("GET", where) if where else ("POST", f"/api/v1/courses/{_part(course)}/ask")
            options = {"params": _without_none({"learner": learner})} if where else _json(body)
            if last:
                options["headers"] = {"Last-Event-ID": last}
            try:
                with self._http.stream(method, path, **options) as got:
                    self._check(got)
                    where = got.headers.get("content-location", where)
                    for event in _events(got):
                        last, tries = event.id or last, 0
                        match event.name:
                            case "token":
                                yield str(_parsed(dict[str, str], event.data)["text"])
                            case "answer":
                                yield _parsed(Answer, event.data)
                            case "error":
                                raise _error(_parsed(dict[str, Any], event.data))
                            case "done":
                                return
            except ValueError as error:
                raise self._no_tutor() from error
            except httpx.TransportError as error:
                if not where:  # it may have been asked: to ask again is the caller's affair
                    raise self._no_tutor() from error
            if tries >= RESUMES:
                raise self._no_tutor()
            time.sleep(_PAUSE * 2**tries)
            tries += 1

    # --- conversations -----------------------------------------------------------------------------------------------

    def conversations(self, course: str | None = None, learner: str | None = None) -> Iterator[ConversationInfo]:
        """Yield the conversations (of ``learner``), the latest first."""
        asked = {"course": course, "learner": learner, "limit": PART}
        response = self._send("GET", "conversations", params=_without_none(asked))
        while True:
            yield from self._shaped(tuple[ConversationInfo, ...], response)
            following = response.links.get("next")
            if following is None:
                return
            response = self._send("GET", following["url"])

    def conversation(self, id: str, learner: str | None = None) -> Conversation:
        """Return a conversation with its answers."""
        return self._get(Conversation, f"conversations/{_part(id)}", learner=learner)

    def delete_conversation(self, id: str, learner: str | None = None) -> None:
        """Delete a conversation with its answers."""
        self._send("DELETE", f"conversations/{_part(id)}", params=_without_none({"learner": learner}))

    def give_feedback(
        self,
        conversation: str,
        message: str,
        feedback: Feedback,
        learner: str | None = None,
    ) -> Feedback:
        """Keep with an answer what its learner thinks of it, and return it."""
        path = f"conversations/{_part(conversation)}/answers/{_part(message)}/feedback"
        body, params = _json(feedback.model_dump(mode="json")), _without_none({"learner": learner})
        return self._shaped(Feedback, self._send("POST", path, **body, params=params))

    # --- learners ----------------------------------------------------------------------------------------------------

    def export_learner(self, id: str) -> dict[str, Any]:
        """Return everything that is held on a learner."""
        return self._get(dict[str, Any], f"learners/{_part(id)}/export")

    def erase_learner(self, id: str) -> None:
        """Erase everything that is held on a learner."""
        self._send("DELETE", f"learners/{_part(id)}")

    # --- calls -------------------------------------------------------------------------------------------------------

    def _get(self, shape: type[Shape], path: str, **params: str | None) -> Shape:
        return self._shaped(shape, self._send("GET", path, params=_without_none(params)))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        address = path if path.startswith("/") else f"/api/v1/{path}"
        try:
            response = self._http.request(method, address, **options)
        except httpx.HTTPError as error:
            raise self._no_tutor() from error
        self._check(response)
        return response

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        try:
            error = _error(_parsed(dict[str, Any], response.read()))
        except (ValueError, KeyError) as wrong:
            raise self._no_tutor() from wrong
        if isinstance(error, TooMany):
            error.seconds = int(response.headers.get("retry-after", "1"))
        raise error

    def _shaped(self, shape: type[Shape], response: httpx.Response) -> Shape:
        try:
            return _parsed(shape, response.content)
        except ValueError as error:
            raise self._no_tutor() from error

    def _no_tutor(self) -> NotReady:
        return NotReady(f"The tutor at {self.url} does not answer as one. Check the address, and that it runs.")


def _error(problem: dict[str, Any]) -> TutorError:
    """Return what a problem document says as the error that it was."""
    status = int(problem["status"])
    kind = _KINDS.get(status, InputError if 400 <= status < 500 else TutorError)
    error = kind(str(problem["detail"]))
    error.status, error.title, error.request_id = status, str(problem["title"]), str(problem.get("request_id", ""))
    return error


def _events(response: httpx.Response) -> Iterator[_Event]:
    """Yield the events of a response as they come; one that was cut off is left out."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield _Event(fields.get("id", ""), fields.get("event", ""), fields["data"])
            fields = {}


def _parsed(shape: type[Shape], data: str | bytes) -> Shape:
    return TypeAdapter(shape).validate_json(data)


def _json(body: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that send ``body``, whatever characters it holds."""
    return {"content": json.dumps(body), "headers": {"Content-Type": "application/json"}}


def _part(name: str) -> str:
    return quote(name, safe="")


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
