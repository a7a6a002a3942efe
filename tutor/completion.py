"""Completion: an instructor's rule for a link, and how far each learner has come with it.

A rule such as five questions and three sources makes what a learner does at that link a score: a part of it on the
way, all of it in the end. Without a rule nothing is counted and nothing is told to the LMS.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, ValidationError, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from tutor.errors import InputError, NotFound
from tutor.lms import Lms, Stage
from tutor.records import Link, Progress, SignIn
from tutor.types import Model
from tutor.visitor import Visitor

MAXIMUM = 100.0
MOST = 1_000  # of what a rule can ask for
QUESTIONS, SOURCES = "complete_questions", "complete_sources"  # custom parameters of a link in the LMS


class Rule(Model):
    """What a learner has to do at a link to complete it."""

    questions: int = Field(0, ge=0, le=MOST, description="Questions to ask.")
    sources: int = Field(0, ge=0, le=MOST, description="Different sources to open.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Rule:
        if not self.steps:
            raise ValueError("ask for a question or a source at least")
        return self

    @property
    def steps(self) -> int:
        """How much there is to do."""
        return self.questions + self.sources

    def done(self, asked: int, opened: int) -> int:
        """Return how much of it is done."""
        return min(asked, self.questions) + min(opened, self.sources)


def rule_from_custom(custom: Mapping[str, str]) -> Rule | None:
    """Return the rule that the custom parameters of a launch set, None where they set none.

    Raises `InputError` for parameters that cannot be a rule.
    """
    said = {"questions": custom.get(QUESTIONS, ""), "sources": custom.get(SOURCES, "")}
    # A platform that knows no value for a parameter sends its placeholder, such as $ResourceLink.questions.
    wanted = {name: value for name, value in said.items() if value and not value.startswith("$")}
    return check_rule(wanted) if wanted else None


def rule_from_form(questions: str, sources: str) -> Rule | None:
    """Return the rule that an instructor typed, None where they want none; raises `InputError`."""
    wanted = {"questions": questions.strip() or "0", "sources": sources.strip() or "0"}
    return check_rule(wanted) if set(wanted.values()) != {"0"} else None


def check_rule(rule: Mapping[str, Any]) -> Rule:
    """Return ``rule`` checked; raises `InputError`."""
    try:
        return Rule.model_validate(dict(rule))
    except ValidationError:
        raise InputError(
            f'This is no rule for completing a link. Give numbers up to {MOST}, as in {{"questions": 5, "sources": 3}}.'
        ) from None


def set_rule(session: Session, link: int, rule: Rule | None) -> None:
    """Set what completes a link, None for nothing; scores follow what learners do next. Raises `NotFound`."""
    row = session.get(Link, link)
    if row is None:
        raise NotFound("There is no such link. Launch the tutor from it once.")
    row.rule = rule.model_dump() if rule else None


def asked(session: Session, lms: Lms, visitor: Visitor) -> None:
    """Count a question that ``visitor`` asked, within the transaction that stores its answer."""
    progress = _progress(session, visitor)
    if progress:
        progress.asked += 1
        _tell(session, lms, progress)


def opened(session: Session, lms: Lms, visitor: Visitor, course: str, source: str) -> None:
    """Count a source that ``visitor`` opened, each once."""
    progress = _progress(session, visitor)
    name = f"{course}/{source}"
    if progress and name not in progress.opened and len(progress.opened) < MOST:
        progress.opened = [*progress.opened, name]
        _tell(session, lms, progress)


def counts(session: Session, visitor: Visitor, course: str, source: str) -> bool:
    """Return whether `opened` would change anything: most readings do not, and then nothing is written."""
    if _link(session, visitor) is None:
        return False
    held = session.get(Progress, (visitor.link, visitor.learner))
    return held is None or f"{course}/{source}" not in held.opened


def _link(session: Session, visitor: Visitor) -> Link | None:
    """Return the link whose rule ``visitor`` is held to: teachers have no score."""
    link = session.get(Link, visitor.link) if visitor.link is not None and visitor.role == "learner" else None
    return link if link is not None and link.rule and visitor.learner else None


def _progress(session: Session, visitor: Visitor) -> Progress | None:
    if _link(session, visitor) is None:
        return None
    key = {"link_id": visitor.link, "learner": visitor.learner}
    held = session.scalar(select(Progress).filter_by(**key).with_for_update())
    if held is None:
        subject = _subject(session, visitor)
        if subject is None:
            return None
        held = Progress(**key, subject=subject, asked=0, opened=[])
        session.add(held)
    return held


def _subject(session: Session, visitor: Visitor) -> str | None:
    """Return what the platform calls a learner: their launch said so."""
    rows = select(SignIn).filter_by(link_id=visitor.link, learner=visitor.learner).order_by(SignIn.created_at.desc())
    for row in session.scalars(rows):
        if subject := row.details.get("subject"):
            return str(subject)
    return None


def _tell(session: Session, lms: Lms, progress: Progress) -> None:
    """Have the LMS keep the score that the rule gives, where it is higher than the one it has."""
    link = session.get_one(Link, progress.link_id)
    rule = check_rule(link.rule or {})
    progress.updated_at = datetime.now(UTC)
    done = rule.done(progress.asked, len(progress.opened))
    score = round(MAXIMUM * done / rule.steps, 2)
    if score <= (progress.score or 0):  # what was achieved stays, even if the rule has become harder since
        return
    progress.score, progress.maximum = score, MAXIMUM
    said: Stage = "completed" if done == rule.steps else "in progress"
    lms.record(session, link.id, progress.learner, progress.subject, score, MAXIMUM, said)
