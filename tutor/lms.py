"""The LMS seam: what the tutor tells an LMS of a learner, whichever way it gets there."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Literal, Protocol

from sqlalchemy.orm import Session

from tutor import outbox
from tutor.errors import InputError
from tutor.records import tenant_of

SCORE = "score"  # the kind of what is put into the outbox

Stage = Literal["in progress", "completed"]


class Lms(Protocol):
    """An LMS that keeps scores."""

    def record(
        self, session: Session, link: int, learner: str, subject: str, score: float, maximum: float, progress: Stage
    ) -> None:
        """Have the LMS keep a score of ``learner``, whom it calls ``subject``, at a link.

        It holds with the caller's transaction, and takes the place of what was recorded for them there before. Raises
        `InputError` for a score that is not between nothing and its maximum.
        """


class OutgoingScores:
    """The scores of LTI links: each goes into the outbox, from where it is passed back until it has arrived."""

    def record(
        self, session: Session, link: int, learner: str, subject: str, score: float, maximum: float, progress: Stage
    ) -> None:
        """Do as `Lms.record` says."""
        if not (math.isfinite(maximum) and maximum > 0 and 0 <= score <= maximum):
            raise InputError("A score lies between nothing and its maximum. Correct it.")
        body = {
            "subject": subject,
            "score": score,
            "maximum": maximum,
            "progress": progress,
            # Platforms leave out what is older than what they hold, so the same score sent twice counts once.
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        }
        tenant = tenant_of(session, link)
        outbox.put(session, SCORE, f"score:{link}:{learner}", body, tenant, learner, link, newest=True)


class Several:
    """Several that keep scores, such as a gradebook and a Learning Record Store, as one."""

    def __init__(self, *each: Lms) -> None:
        self._each = each

    def record(
        self, session: Session, link: int, learner: str, subject: str, score: float, maximum: float, progress: Stage
    ) -> None:
        """Do as `Lms.record` says."""
        for lms in self._each:
            lms.record(session, link, learner, subject, score, maximum, progress)
