"""Retention: what is older than it may be kept goes, once a day; each tenant says how long that is."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic import Field
from sqlalchemy import not_, select
from sqlalchemy.orm import Session

from tutor.budget import KEPT_DAYS
from tutor.errors import TutorError
from tutor.library import forget_uncited
from tutor.outbox import KEPT as DELIVERIES_KEPT
from tutor.privacy import Privacy
from tutor.records import (
    ConversationRow,
    Delivery,
    LaunchState,
    Link,
    Platform,
    Progress,
    Records,
    Replay,
    SignIn,
    Spent,
    Tenant,
    deleted,
)
from tutor.types import Model
from tutor.visitor import LOCAL

log = logging.getLogger("tutor.retention")

REPLAYS_KEPT = timedelta(hours=24)
EVERY = timedelta(days=1)


class RetentionReport(Model):
    """How much of each kind was too old, and is gone."""

    conversations: int = 0
    progress: int = 0
    deliveries: int = 0
    sign_ins: int = 0
    launches: int = Field(default=0, description="Launches from an LMS that were begun and never ended.")
    replays: int = 0
    tokens: int = Field(default=0, description="Days of learners on which chat models were asked for them.")
    texts: int = Field(default=0, description="Old texts of courses that nothing cites any more.")


def run_retention(records: Records) -> RetentionReport:
    """Delete what is older than it may be kept, and return how much that was; raises `NotReady`."""
    now = datetime.now(UTC)
    with records.write() as session:
        counts = {
            "sign_ins": deleted(session, SignIn, SignIn.expires_at <= now),
            "launches": deleted(session, LaunchState, LaunchState.expires_at <= now),
            "replays": deleted(session, Replay, Replay.created_at <= now - REPLAYS_KEPT),
            "deliveries": deleted(session, Delivery, Delivery.delivered_at <= now - DELIVERIES_KEPT)
            + deleted(session, Delivery, Delivery.given_up_at <= now - DELIVERIES_KEPT),
            "tokens": deleted(session, Spent, Spent.day < now.date() - timedelta(days=KEPT_DAYS)),
            "conversations": 0,
            "progress": 0,
        }
        for tenant in session.scalars(select(Tenant).where(Tenant.retention_days.is_not(None))):
            for kind, count in _untouched(session, tenant, now).items():
                counts[kind] += count
        report = RetentionReport(**counts, texts=forget_uncited(session))
    records.leave_nothing()  # of what was deleted for other reasons too
    return report


def _untouched(session: Session, tenant: Tenant, now: datetime) -> dict[str, int]:
    """Delete what nobody has touched for longer than ``tenant`` keeps it."""
    last = now - timedelta(days=tenant.retention_days or 0)
    links = select(Link.id).join(Platform, Platform.id == Link.platform_id).where(Platform.tenant == tenant.id)
    theirs = Spent.learner.startswith(f"{tenant.id}/", autoescape=True)
    if tenant.id == LOCAL:
        theirs = theirs | not_(Spent.learner.contains("/"))
    return {
        "conversations": deleted(
            session, ConversationRow, ConversationRow.tenant == tenant.id, ConversationRow.updated_at <= last
        ),
        "progress": deleted(session, Progress, Progress.link_id.in_(links), Progress.updated_at <= last),
        "deliveries": deleted(session, Delivery, Delivery.tenant == tenant.id, Delivery.created_at <= last),
        "tokens": deleted(session, Spent, theirs, Spent.day < last.date()),
    }


@contextlib.contextmanager
def kept_up(records: Records, privacy: Privacy) -> Iterator[None]:
    """Erase again what a back-up has brought back, and while the block runs do so and `run_retention` once a day.

    Raises `NotReady` or `SetupError` where the first of it cannot be done: what was erased is not served.
    """
    from apscheduler.schedulers.background import BackgroundScheduler

    privacy.again()
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        _keep_up, "interval", (records, privacy), seconds=EVERY.total_seconds(), next_run_time=datetime.now(UTC),
        coalesce=True, misfire_grace_time=None,
    )  # fmt: skip
    try:
        scheduler.start()
        yield
    finally:  # also where it is told to end while it starts
        if scheduler.running:
            scheduler.shutdown()


def _keep_up(records: Records, privacy: Privacy) -> None:
    try:
        privacy.again()
        report = run_retention(records)
    except TutorError as error:
        log.error("what is too old was not deleted, and is tried again tomorrow: %s", error)
    else:
        if report != RetentionReport():
            log.info("deleted for its age: %s", report)
