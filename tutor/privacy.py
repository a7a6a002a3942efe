"""Privacy: all that is held on one learner of a tenant, to be handed over or erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from tutor.conversations import stored_conversation
from tutor.erased import Erased
from tutor.library import forget_uncited
from tutor.records import (
    Base,
    ConversationRow,
    Delivery,
    Link,
    Platform,
    Progress,
    Records,
    Replay,
    SignIn,
    Spent,
    deleted,
)
from tutor.types import Conversation, Model
from tutor.visitor import LOCAL, Visitor

ME = "me"  # what whoever is signed in calls themselves


class HeldConversation(Conversation):
    """A conversation with its answers and what was said of them."""

    space: str = Field(description="The course of the LMS in which it was held, as a hash; empty outside of one.")


class HeldProgress(Model):
    """What a learner has done at a link of the LMS, and the score for it."""

    link: int
    course: str | None
    subject: str = Field(description="What the LMS calls the learner.")
    asked: int
    opened: tuple[Any, ...]
    score: float | None
    maximum: float | None
    updated_at: datetime


class HeldDelivery(Model):
    """What was sent, or is to be sent, to the LMS or to a store of learning records."""

    kind: str
    body: dict[str, Any]
    created_at: datetime
    delivered_at: datetime | None
    given_up_at: datetime | None


class HeldSignIn(Model):
    """A browser that is or was signed in, without the secret by which it is known."""

    space: str
    role: str
    subject: str | None = Field(description="What the LMS calls the learner.")
    course: str | None
    created_at: datetime
    expires_at: datetime


class HeldTokens(Model):
    """What chat models read and wrote for the learner on a day (UTC)."""

    day: date
    input_tokens: int
    output_tokens: int
    cost_usd: float


class HeldReplay(Model):
    """A reply of the API that is kept for a day, in case the same call comes again."""

    status: int | None
    body: str | None
    created_at: datetime


class LearnerExport(Model):
    """All that is held on a learner; nothing but empty lists where nothing is."""

    tenant: str
    learner: str | None = Field(description="The id by which the tutor knows them; null for who runs it themselves.")
    exported_at: datetime
    conversations: tuple[HeldConversation, ...] = ()
    progress: tuple[HeldProgress, ...] = ()
    deliveries: tuple[HeldDelivery, ...] = ()
    sign_ins: tuple[HeldSignIn, ...] = ()
    tokens: tuple[HeldTokens, ...] = ()
    replays: tuple[HeldReplay, ...] = ()


class LearnerInfo(Model):
    """A learner as they are listed."""

    tenant: str
    learner: str
    conversations: int
    last_at: datetime | None = Field(description="When they were last answered.")


class Erasure(Model):
    """How much of each kind was erased."""

    conversations: int = 0
    progress: int = 0
    deliveries: int = 0
    sign_ins: int = 0
    tokens: int = Field(default=0, description="Days.")
    replays: int = 0
    texts: int = Field(default=0, description="Old texts of courses that nothing else had cited.")

    def __bool__(self) -> bool:
        return any(count for _, count in self)

    def __add__(self, other: Erasure) -> Erasure:
        return Erasure(**{kind: count + getattr(other, kind) for kind, count in self})


_COUNTED_AS: dict[type[Base], str] = {
    ConversationRow: "conversations",
    Progress: "progress",
    Delivery: "deliveries",
    SignIn: "sign_ins",
    Spent: "tokens",
    Replay: "replays",
}


class Privacy:
    """What one installation holds on its learners. A learner who is None is whoever runs it, or named nobody."""

    def __init__(self, records: Records, erased: Erased, counts_today: bool = False) -> None:
        """``counts_today`` leaves today's tokens until the day is over: nobody gets them anew by erasing."""
        self._records = records
        self._erased = erased
        self._counts_today = counts_today

    def export(self, tenant: str, learner: str | None) -> LearnerExport:
        """Return all that is held on a learner; of an unknown one, that is nothing."""
        with self._records.read() as session:

            def held(table: type[Any], order: InstrumentedAttribute[Any]) -> Iterator[Any]:
                return iter(session.scalars(select(table).where(*_whose(table, tenant, learner)).order_by(order)))

            return LearnerExport(
                tenant=tenant,
                learner=learner,
                exported_at=datetime.now(UTC),
                conversations=tuple(
                    HeldConversation(**dict(stored_conversation(session, row)), space=row.space)
                    for row in held(ConversationRow, ConversationRow.created_at)
                ),
                progress=tuple(_progress(session, row) for row in held(Progress, Progress.link_id)),
                deliveries=tuple(
                    HeldDelivery(
                        kind=row.kind,
                        body=row.body,
                        created_at=row.created_at,
                        delivered_at=row.delivered_at,
                        given_up_at=row.given_up_at,
                    )
                    for row in held(Delivery, Delivery.created_at)
                ),
                sign_ins=tuple(
                    HeldSignIn(
                        space=row.space,
                        role=row.role,
                        subject=row.details.get("subject"),
                        course=row.details.get("course"),
                        created_at=row.created_at,
                        expires_at=row.expires_at,
                    )
                    for row in held(SignIn, SignIn.created_at)
                ),
                tokens=tuple(
                    HeldTokens(
                        day=row.day,
                        input_tokens=row.input_tokens,
                        output_tokens=row.output_tokens,
                        cost_usd=row.cost_usd,
                    )
                    for row in held(Spent, Spent.day)
                ),
                replays=tuple(
                    HeldReplay(status=row.status, body=row.body, created_at=row.created_at)
                    for row in held(Replay, Replay.created_at)
                ),
            )

    def erase(self, tenant: str, learner: str | None) -> Erasure:
        """Erase all that is held on a learner, from the database's files too, and return how much that was.

        An answer that is under way meanwhile is not stored. Raises `NotReady` where it cannot be done, and nothing is
        changed then, but that it is done at the next start.
        """
        self._erased.add(tenant, learner)  # first: what is stored from now on is stored by who has read it
        with self._records.write() as session:
            _hold_up_answers(session)
            gone = self._forget(session, tenant, learner)
        if gone:
            self._records.leave_nothing()
        return gone

    def again(self) -> Erasure:
        """Erase once more what a back-up that was put back has brought in of learners who were erased.

        What they have done since then stays. Returns how much was erased, most times nothing.
        """
        gone = Erasure()
        if self._erased.empty:
            return gone
        with self._records.write() as session:
            _hold_up_answers(session)
            for tenant, learner in _everyone(session):
                if until := self._erased.last(tenant, learner):
                    gone += self._forget(session, tenant, learner, until)
        if gone:
            self._records.leave_nothing()
        return gone

    def learners(self, tenant: str) -> tuple[LearnerInfo, ...]:
        """Return the learners of ``tenant`` on whom anything is held, by their ids."""
        with self._records.read() as session:
            held: dict[str, list[datetime]] = {
                name: [] for whose, name in _everyone(session) if whose == tenant and name is not None
            }
            rows = session.execute(select(ConversationRow.learner, ConversationRow.updated_at).filter_by(tenant=tenant))
            for learner, updated in rows:
                if learner is not None:
                    held[learner].append(updated)
        return tuple(
            LearnerInfo(tenant=tenant, learner=name, conversations=len(at), last_at=max(at, default=None))
            for name, at in sorted(held.items())
        )

    def _forget(self, session: Session, tenant: str, learner: str | None, until: datetime | None = None) -> Erasure:
        today = datetime.now(UTC).date()
        counts = {}
        for table, kind in _COUNTED_AS.items():
            which = [*_whose(table, tenant, learner)]
            if until:
                which.append(_begun(table) <= (until.date() if table is Spent else until))
            if table is Spent and (self._counts_today or until):
                which.append(Spent.day < today)
            counts[kind] = deleted(session, table, *which)
        return Erasure(**counts, texts=forget_uncited(session))


def _whose(table: type[Base], tenant: str, learner: str | None) -> tuple[ColumnElement[bool], ...]:
    """Return which rows of ``table`` are about a learner."""
    if table is Spent:
        return (Spent.learner == Visitor(tenant=tenant, learner=learner).account,)
    if table is Progress:
        links = select(Link.id).join(Platform, Platform.id == Link.platform_id).where(Platform.tenant == tenant)
        return Progress.learner == learner, Progress.link_id.in_(links)
    if table is Replay:
        return Replay.learner == learner, Replay.owner.startswith(f"{tenant}/", autoescape=True)
    assert table in (ConversationRow, Delivery, SignIn)
    return table.learner == learner, table.tenant == tenant


def _begun(table: type[Base]) -> InstrumentedAttribute[Any]:
    """Return the moment by which a row is older or younger than an erasure."""
    if table is Spent:
        return Spent.day
    if table is Progress:
        return Progress.updated_at
    moment: InstrumentedAttribute[Any] = table.created_at  # type: ignore[attr-defined]
    return moment


def _everyone(session: Session) -> list[tuple[str, str | None]]:
    """Return each tenant and learner on whom anything is held."""
    found: set[tuple[str, str | None]] = set()
    progress = select(Platform.tenant, Progress.learner).join(Link, Link.platform_id == Platform.id)
    for named in (
        *(select(table.tenant, table.learner) for table in (ConversationRow, Delivery, SignIn)),
        progress.join(Progress, Progress.link_id == Link.id),
    ):
        found.update((tenant, learner) for tenant, learner in session.execute(named.distinct()))
    for account in session.scalars(select(Spent.learner).distinct()):
        tenant, name = account.split("/", 1) if "/" in account else (LOCAL, account)
        found.add((tenant, name or None))
    for owner, whose in session.execute(select(Replay.owner, Replay.learner).distinct()):
        found.add((owner.split("/")[0], whose))
    return list(found)


def _progress(session: Session, row: Progress) -> HeldProgress:
    return HeldProgress(
        link=row.link_id,
        course=session.get_one(Link, row.link_id).course,
        subject=row.subject,
        asked=row.asked,
        opened=tuple(row.opened),
        score=row.score,
        maximum=row.maximum,
        updated_at=row.updated_at,
    )


def _hold_up_answers(session: Session) -> None:
    """Wait for answers that are being stored, and let others wait; on SQLite, every change does so."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE conversations IN SHARE ROW EXCLUSIVE MODE"))
