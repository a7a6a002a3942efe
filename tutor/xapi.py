"""xAPI: what learners do, as statements to a Learning Record Store (Experience API 1.0.3).

A statement names a learner by their pseudonym, and never holds a word of what they wrote or were told. Its id follows
from what it states, so that the store takes the same one once however often it is sent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from tutor import outbox
from tutor.errors import ForbiddenAddress, SetupError, Unreachable
from tutor.fetching import Fetcher, retry_after
from tutor.lms import Stage
from tutor.outbox import Final, Later, Parcel
from tutor.records import tenant_of
from tutor.settings import Settings
from tutor.types import Answer
from tutor.visitor import Visitor

STATEMENT = "xapi"  # the kind of what is put into the outbox
VERSION = "1.0.3"

_ADL = "http://adlnet.gov/expapi"
_STREAMS = "http://activitystrea.ms/schema/1.0"
_VERBS = {
    "attempted": f"{_ADL}/verbs/attempted",
    "asked": f"{_ADL}/verbs/asked",
    "answered": f"{_ADL}/verbs/answered",
    "refused": f"{_STREAMS}/reject",
    "read": f"{_STREAMS}/read",
    "scored": f"{_ADL}/verbs/scored",
}
Verb = Literal["attempted", "asked", "answered", "refused", "read", "scored"]


class Statements:
    """The statements of one installation, each put into the outbox within the transaction that it is about."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")

    def asked(self, session: Session, visitor: Visitor, answer: Answer, message: str) -> None:
        """State that a learner asked a question, and that the tutor answered or refused it."""
        self.attempted(session, visitor)
        question = self._activity(f"xapi/questions/{message}", "question", "A question to the tutor")
        where = self._where(visitor.link, answer.course)
        asked = self._put(session, visitor, "asked", question, where, message)
        verb: Verb = "refused" if answer.refused else "answered"
        # The tutor is who answers; that it was this learner's question is said by the statement that it refers to.
        context = {**where, "statement": {"objectType": "StatementRef", "id": asked}}
        self._put(session, visitor, verb, question, context, message, actor=self._actor("tutor"))

    def read(self, session: Session, visitor: Visitor, course: str, source: str, version: str) -> None:
        """State that a learner opened a source: once a day for each of its versions."""
        self.attempted(session, visitor)
        file = self._activity(f"api/v1/courses/{course}/sources/{quote(source)}", "file", "A source of the course")
        day = datetime.now(UTC).date().isoformat()
        about = f"{visitor.learner} {course} {source} {version} {day}"
        self._put(session, visitor, "read", file, self._where(visitor.link, course), about)

    def attempted(self, session: Session, visitor: Visitor) -> None:
        """State that a learner began with what they were launched into: once."""
        if visitor.link is not None:
            about = f"{visitor.link} {visitor.learner}"
            self._put(session, visitor, "attempted", self._link(visitor.link), self._where(None, None), about)

    def record(
        self, session: Session, link: int, learner: str, subject: str, score: float, maximum: float, progress: Stage
    ) -> None:
        """State that a learner was given a score: `tutor.lms.Lms`."""
        tenant = tenant_of(session, link)
        visitor = Visitor(tenant, learner=learner, link=link)
        given = {"scaled": score / maximum, "raw": score, "min": 0, "max": maximum}
        result = {"score": given, "completion": progress == "completed"}
        about = f"{link} {learner} {score} {maximum}"
        self._put(session, visitor, "scored", self._link(link), self._where(None, None), about, result=result)

    def _put(
        self,
        session: Session,
        visitor: Visitor,
        verb: Verb,
        activity: dict[str, Any],
        context: dict[str, Any],
        about: str,
        actor: dict[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """Put a statement into the outbox and return its id."""
        assert visitor.learner
        id = str(uuid5(NAMESPACE_URL, f"{self._base}/xapi/{verb}/{about}"))
        statement = {
            "id": id,
            "actor": actor or self._actor(visitor.learner),
            "verb": {"id": _VERBS[verb], "display": {"en": verb}},
            "object": activity,
            "context": context,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **more,
        }
        outbox.put(session, STATEMENT, f"xapi:{id}", statement, visitor.tenant, visitor.learner, visitor.link)
        return id

    def _actor(self, name: str) -> dict[str, Any]:
        return {"objectType": "Agent", "account": {"homePage": self._base, "name": name}}

    def _activity(self, path: str, kind: str, name: str) -> dict[str, Any]:
        definition = {"type": f"{_ADL}/activities/{kind}", "name": {"en": name}}
        return {"objectType": "Activity", "id": f"{self._base}/{path}", "definition": definition}

    def _link(self, link: int) -> dict[str, Any]:
        return self._activity(f"xapi/links/{link}", "module", "A link to the tutor")

    def _where(self, link: int | None, course: str | None) -> dict[str, Any]:
        activities: dict[str, Any] = {}
        if course is not None:
            activities["parent"] = [self._activity(f"api/v1/courses/{course}", "course", "A course")]
        if link is not None:
            activities["grouping"] = [self._link(link)]
        return {"platform": "Tutor"} | ({"contextActivities": activities} if activities else {})


class RecordStore:
    """The Learning Record Store that the settings name: it takes many statements in a call."""

    most = 50

    def __init__(self, fetcher: Fetcher, url: str, user: str, password: str) -> None:
        self._fetcher, self._url = fetcher, f"{url.rstrip('/')}/statements"
        word = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {word}",
            "Content-Type": "application/json",
            "X-Experience-API-Version": VERSION,
        }

    @classmethod
    def of(cls, settings: Settings, fetcher: Fetcher) -> RecordStore:
        """Return the store that ``settings`` name; raises `SetupError` where its password cannot be read."""
        if settings.xapi_password_file is None:
            raise SetupError("The Learning Record Store has no password. Set TUTOR_XAPI_PASSWORD_FILE.")
        try:
            password = settings.xapi_password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SetupError("TUTOR_XAPI_PASSWORD_FILE cannot be read. Name a file that holds the password.") from None
        return cls(fetcher, settings.xapi_url, settings.xapi_user, password)

    def send(self, parcels: Sequence[Parcel]) -> None:
        """Send statements of the outbox; raises `Later` or `Final` where they did not arrive."""
        said = json.dumps([parcel.body for parcel in parcels]).encode()
        try:
            answer = self._fetcher.call("POST", self._url, self._headers, said)
        except (Unreachable, ForbiddenAddress) as error:
            raise Later(str(error)) from None
        if answer.ok:
            return
        if answer.status == 409 and len(parcels) == 1:
            return  # it is there already: what else has its id is what was sent before
        reason = f"The Learning Record Store did not take a statement ({answer.status})."
        if answer.status in (400, 409, 413, 422):
            raise Final(reason)
        # The rest are faults of the set-up or of the moment, after whose end the statements are as good as before.
        raise Later(reason, retry_after(answer.headers))
