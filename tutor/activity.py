"""Activity: what a learner does, told to whom it concerns: the rule of their link, and a Learning Record Store."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tutor import completion
from tutor.lms import OutgoingScores, Several
from tutor.records import Records
from tutor.settings import Settings
from tutor.types import Answer, StoredSource
from tutor.visitor import Visitor
from tutor.xapi import Statements


class Activity:
    """What learners do in one installation. Of whoever is nobody's learner nothing is noted."""

    def __init__(self, records: Records, settings: Settings) -> None:
        self._records = records
        self._statements = Statements(settings.base_url) if settings.xapi_url else None
        self._lms = Several(OutgoingScores(), *([self._statements] if self._statements else []))

    def asked(self, session: Session, visitor: Visitor, answer: Answer, message: str, again: bool) -> None:
        """Note a question, within the transaction that stores its answer.

        It counts towards completion unless it is asked ``again`` in other words, or is no question to the course: a
        greeting, or what the tutor does not answer to anybody.
        """
        if visitor.learner is None or visitor.runs:
            return
        if not again and (answer.citations or answer.reason == "not_in_course"):
            completion.asked(session, self._lms, visitor)
        if self._statements:
            self._statements.asked(session, visitor, answer, message)

    def opened(self, visitor: Visitor, source: StoredSource) -> None:
        """Note that a source was opened; raises `NotReady` where that cannot be written."""
        if visitor.learner is None or visitor.runs:
            return
        if not self._statements:
            with self._records.read() as session:
                if not completion.counts(session, visitor, source.course, source.name):
                    return
        with self._records.write() as session:
            completion.opened(session, self._lms, visitor, source.course, source.name)
            if self._statements:
                self._statements.read(session, visitor, source.course, source.name, source.version)
