"""The outbox: what has to reach another server is written down first, then sent until it has arrived.

It is put in within the transaction that it follows from, so that neither is there without the other. A row that is
being sent is leased: its ``due_at`` is moved on, and only whoever holds that very lease says what became of it. A crash
between sending and saying so sends it once more, which the other side tells by its timestamp or its id.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from ulid import ULID

from tutor.errors import NotFound, NotReady
from tutor.records import Delivery, Link, Records

log = logging.getLogger("tutor.outbox")

LEASE = timedelta(minutes=3)  # longer than all the calls of one delivery take
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
GIVES_UP_AFTER = timedelta(days=14)  # a school's server may be away over its holidays
KEPT = timedelta(days=30)  # what is over and done with, for whoever asks what became of it
LOOKS_EVERY = 2.0  # seconds
PATIENCE = 5.0  # seconds, at the end

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Later(Exception):
    """It did not arrive and may do so later; ``after`` is how long the other side wants to be left alone."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Final(Exception):
    """It will never arrive: the other side has refused it."""


@dataclass(frozen=True)
class Parcel:
    """One thing to be sent, under the lease that ends at ``lease``."""

    id: str
    kind: str
    key: str
    tenant: str
    learner: str | None
    link: int | None
    body: dict[str, Any] = field(repr=False)
    attempts: int
    created_at: datetime
    lease: datetime


class Sender(Protocol):
    """Sends parcels of one kind, at most ``most`` at a time; raises `Later` or `Final` where they did not arrive."""

    most: int

    def send(self, parcels: Sequence[Parcel]) -> None:
        """Return once all of ``parcels`` have arrived."""


def put(
    session: Session,
    kind: str,
    key: str,
    body: dict[str, Any],
    tenant: str,
    learner: str | None,
    link: int | None = None,
    newest: bool = False,
    at: datetime | None = None,
) -> None:
    """Put something into the outbox, within the caller's transaction; of the same ``key`` there is one.

    What comes second under a key is left out; with ``newest`` it takes the place of the first, which is then not sent
    any more where it was not yet.
    """
    at = at or now()
    row = session.scalar(select(Delivery).filter_by(key=key).with_for_update())
    if row is None:
        row = Delivery(id=f"d_{ULID()}", kind=kind, key=key, tenant=tenant, learner=learner, link_id=link)
        row.body, row.created_at, row.due_at = body, at, at
        try:
            with session.begin_nested():
                session.add(row)
            return
        except IntegrityError:  # put in by another process meanwhile
            row = session.scalars(select(Delivery).filter_by(key=key).with_for_update()).one()
    if newest and row.body != body:
        # Its lease, if somebody holds it, ends with this: what they say of the older one does not count any more.
        row.body, row.created_at, row.due_at, row.attempts = body, at, at, 0
        row.delivered_at = row.given_up_at = row.failure = None


class Outbox:
    """The outbox of one installation, with a sender for each kind of thing. Thread-safe, also between processes."""

    def __init__(self, records: Records, senders: Mapping[str, Sender], clock: Clock = now) -> None:
        self._records, self._senders, self._clock = records, senders, clock
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Send what is due, in a thread for each kind, until `close`: one slow server does not hold up the others."""
        for kind in self._senders:
            thread = threading.Thread(target=self._work, args=(kind,), name=f"outbox-{kind}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End the work; what is being sent is waited for a little, and else is sent anew another time."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _work(self, kind: str) -> None:
        while not self._stop.wait(LOOKS_EVERY):
            try:
                while self.deliver(kind) and not self._stop.is_set():
                    pass
                self.tidy()
            except NotReady as error:  # the database is away or its disk is full: nothing is lost by waiting
                log.warning("the outbox waits: %s", error)
            except Exception:  # a fault of ours in one parcel must not end the deliveries of all others
                log.exception("the outbox failed and goes on")

    def deliver(self, kind: str) -> bool:
        """Send what is due of a kind, as much as goes in one call; return whether there was anything."""
        sender = self._senders[kind]
        parcels = self.claim(kind, sender.most)
        if not parcels:
            return False
        self._send(sender, parcels)
        return True

    def _send(self, sender: Sender, parcels: Sequence[Parcel]) -> None:
        """Send ``parcels`` and write down what became of each."""
        try:
            sender.send(parcels)
        except Later as trouble:
            self._postpone(parcels, str(trouble), trouble.after)
        except Final as trouble:
            if len(parcels) == 1:
                self._give_up(parcels[0], str(trouble))
            else:  # one of them was refused, and the others with it
                for parcel in parcels:
                    if renewed := self._renewed(parcel):
                        self._send(sender, [renewed])
        except Exception as error:  # a fault of ours: the next attempt may go better, and this one is told in the log
            log.exception("the outbox failed with a %s", parcels[0].kind)
            self._postpone(parcels, f"The tutor failed: {type(error).__name__}.", None)
        else:
            self._arrived(parcels)

    def claim(self, kind: str, most: int = 1) -> list[Parcel]:
        """Return up to ``most`` parcels that are due, leased to the caller: nobody else gets them until that ends."""
        due = select(Delivery).where(
            Delivery.kind == kind,
            Delivery.delivered_at.is_(None),
            Delivery.given_up_at.is_(None),
            Delivery.due_at <= self._clock(),
        )
        with self._records.read() as session:  # most looks find nothing, and must not wait for those who write
            if session.scalar(due.limit(1)) is None:
                return []
        lease = self._clock() + LEASE
        with self._records.write() as session:
            rows = session.scalars(due.order_by(Delivery.due_at).limit(most).with_for_update(skip_locked=True)).all()
            for row in rows:
                row.due_at = lease
            return [
                Parcel(
                    id=row.id,
                    kind=row.kind,
                    key=row.key,
                    tenant=row.tenant,
                    learner=row.learner,
                    link=row.link_id,
                    body=dict(row.body),
                    attempts=row.attempts,
                    created_at=row.created_at,
                    lease=lease,
                )
                for row in rows
            ]

    def _renewed(self, parcel: Parcel) -> Parcel | None:
        """Return ``parcel`` under a new lease; None where it is not ours any more."""
        lease = self._clock() + LEASE
        if not self._mark(parcel, due_at=lease):
            return None
        return replace(parcel, lease=lease)

    def _arrived(self, parcels: Sequence[Parcel]) -> None:
        for parcel in parcels:
            self._mark(parcel, delivered_at=self._clock(), attempts=parcel.attempts + 1, failure=None, **self._kept())

    def _give_up(self, parcel: Parcel, reason: str) -> None:
        over = {"given_up_at": self._clock(), "attempts": parcel.attempts + 1, "failure": reason}
        if self._mark(parcel, **over, **self._kept()):
            log.error("gave up a %s, %s: %s", parcel.kind, parcel.id, reason)

    def _postpone(self, parcels: Sequence[Parcel], reason: str, after: timedelta | None) -> None:
        for parcel in parcels:
            if self._clock() - parcel.created_at >= GIVES_UP_AFTER:
                self._give_up(parcel, f"Not delivered for {GIVES_UP_AFTER.days} days. {reason}")
                continue
            wait = max(pause(parcel.attempts), min(after or timedelta(0), LONGEST_PAUSE))
            due = self._clock() + wait
            if self._mark(parcel, due_at=due, attempts=parcel.attempts + 1, failure=reason):
                log.warning("a %s, %s, waits for %d s: %s", parcel.kind, parcel.id, wait.total_seconds(), reason)
        self._leave_alone(parcels[0], self._clock() + max(FIRST_PAUSE, min(after or FIRST_PAUSE, LONGEST_PAUSE)))

    def _leave_alone(self, parcel: Parcel, until: datetime) -> None:
        """Let what else waits for the server that failed wait too: the next one would only fail in the same way."""
        others = update(Delivery).where(
            Delivery.kind == parcel.kind,
            Delivery.delivered_at.is_(None),
            Delivery.given_up_at.is_(None),
            Delivery.due_at <= until,
            Delivery.id != parcel.id,
        )
        if parcel.link is not None:
            platform = select(Link.platform_id).where(Link.id == parcel.link).scalar_subquery()
            others = others.where(Delivery.link_id.in_(select(Link.id).where(Link.platform_id == platform)))
        with self._records.write() as session:
            session.execute(others.values(due_at=until))

    def _mark(self, parcel: Parcel, **values: Any) -> bool:
        """Write down what became of a parcel; return whether its lease was still ours."""
        with self._records.write() as session:
            done = session.execute(
                update(Delivery)
                .where(
                    Delivery.id == parcel.id,
                    Delivery.due_at == parcel.lease,
                    Delivery.delivered_at.is_(None),
                    Delivery.given_up_at.is_(None),
                )
                .values(**values)
            )
            return bool(done.rowcount)  # type: ignore[attr-defined]

    def _kept(self) -> dict[str, datetime]:
        """Return when `tidy` is due: what is over is not among what is looked through every other second."""
        return {"due_at": self._clock() + KEPT}

    def tidy(self) -> None:
        """Forget what arrived or was given up a month ago."""
        over = Delivery.delivered_at.is_not(None) | Delivery.given_up_at.is_not(None)
        old = over & (Delivery.due_at <= self._clock())
        with self._records.read() as session:
            if session.scalar(select(Delivery.id).where(old).limit(1)) is None:
                return
        with self._records.write() as session:
            session.execute(delete(Delivery).where(old))


def pause(attempts: int) -> timedelta:
    """Return how long to wait after that many failed attempts: twice as long each time, and never all at once."""
    longest: timedelta = min(FIRST_PAUSE * 2 ** min(attempts, 20), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)


def waiting(records: Records) -> list[Delivery]:
    """Return what has not arrived, the oldest first."""
    query = select(Delivery).where(Delivery.delivered_at.is_(None)).order_by(Delivery.created_at)
    with records.read() as session:
        return list(session.scalars(query))


def retry(records: Records, id: str | None = None) -> int:
    """Send what has not arrived as soon as possible, what was given up included, and return how many that are.

    With an ``id`` only that one; raises `NotFound` where it does not wait.
    """
    undelivered = update(Delivery).where(Delivery.delivered_at.is_(None))
    if id is not None:
        undelivered = undelivered.where(Delivery.id == id)
    moment = now()
    with records.write() as session:
        done = session.execute(
            undelivered.values(due_at=moment, created_at=moment, attempts=0, given_up_at=None, failure=None)
        )
        count = int(done.rowcount)  # type: ignore[attr-defined]
    if id is not None and not count:
        raise NotFound(f"Nothing called {id[:80]!r} waits in the outbox. List what does: tutor outbox list.")
    return count
