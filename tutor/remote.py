"""The tutor of another process: asked over its HTTP API while it, and not we, holds the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from tutor.errors import Conflict, InputError, NotFound, NotReady, TooLarge, TutorError
from tutor.types import Answer, CourseInfo

SERVER_FILE = "server.json"  # {"url", "pid"} of the process that serves a state folder, while it does
PATIENCE = 120.0  # seconds; an answer may have to wait until the other process has warmed its models

_ERRORS = {error.status: error for error in (InputError, TooLarge, NotFound, Conflict, NotReady)} | {422: InputError}
_JSON = {"Content-Type": "application/json"}
_COURSES = TypeAdapter(tuple[CourseInfo, ...])
_ANSWER = TypeAdapter(Answer)
_Shape = TypeVar("_Shape")


class RunningTutor:
    """A tutor that serves a state folder elsewhere on this computer; its errors are raised as they would be here."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False)  # no proxy on the way to ourselves

    @classmethod
    def of(cls, home: Path) -> RunningTutor | None:
        """Return the tutor that serves ``home``; None where nothing says so, or nothing answers as a tutor there."""
        try:
            running = cls(json.loads((home / SERVER_FILE).read_text(encoding="utf-8"))["url"])
        except (OSError, ValueError, KeyError, TypeError, httpx.InvalidURL):
            return None
        try:
            running.courses()
        except TutorError:
            running.close()
            return None
        return running

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def courses(self) -> tuple[CourseInfo, ...]:
        """Return the courses that can be asked, by title; raises `NotReady` when the other process does not answer."""
        return self._call(_COURSES, "GET", "courses")

    def ask(self, course: str, question: str, conversation: str | None = None) -> Answer:
        """Return the answer to ``question``, stored by the other process; raises as `Tutor.ask` does."""
        body = {"question": question, "conversation": conversation}
        return self._call(_ANSWER, "POST", f"courses/{quote(course, safe='')}/ask", body)

    def _call(
        self, shape: TypeAdapter[_Shape], method: str, path: str, body: dict[str, str | None] | None = None
    ) -> _Shape:
        try:
            response = self._http.request(method, f"/api/v1/{path}", content=json.dumps(body), headers=_JSON)
            if response.is_success:
                return shape.validate_json(response.content)
            problem = response.json()["detail"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise NotReady(f"The tutor at {self.url} does not answer as one. Stop it and try again.") from error
        raise _ERRORS.get(response.status_code, TutorError)(problem)
