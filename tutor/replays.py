"""Replays: what a write was answered, given again when the same write comes again under its idempotency key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from tutor.errors import Conflict, OtherRequest
from tutor.records import Records, Replay
from tutor.visitor import Visitor

KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Answered:
    """What a write was answered."""

    status: int
    headers: dict[str, str]
    body: str


class Replays:
    """The replays of one installation. A write that is under way for longer than ``longest`` was broken off."""

    def __init__(self, records: Records, longest: timedelta) -> None:
        self._records, self._longest = records, longest

    def begin(self, owner: str, key: str, request: str, learner: str | None) -> Answered | None:
        """Return what ``request`` was answered under ``key``, None where it is to be answered now.

        Raises `OtherRequest` where the key came with another request, `Conflict` while the first one is under way.
        """
        now = datetime.now(UTC)
        with self._records.write() as session:
            session.execute(delete(Replay).where(Replay.created_at < now - KEPT))
            row = session.get(Replay, (owner, key))
            if row is not None and row.request != request:
                raise OtherRequest("This idempotency key came with another request. Use a new one for each request.")
            if row is not None and row.status is not None:
                return Answered(row.status, dict(row.headers or {}), row.body or "")
            if row is not None and row.created_at > now - self._longest:
                raise _under_way()
            if row is not None:
                row.created_at = now
                return None
            session.add(Replay(owner=owner, key=key, request=request, learner=learner))
            try:
                session.flush()
            except IntegrityError:  # the same request came twice at the same moment
                raise _under_way() from None
            return None

    def finish(self, owner: str, key: str, answered: Answered) -> None:
        """Keep what the write was answered."""
        with self._records.write() as session:
            row = session.get(Replay, (owner, key))
            if row is not None:  # nobody erased it meanwhile
                row.status, row.headers, row.body = answered.status, dict(answered.headers), answered.body

    def drop(self, owner: str, key: str) -> None:
        """Let a write that failed be tried again."""
        with self._records.write() as session:
            session.execute(delete(Replay).where(Replay.owner == owner, Replay.key == key))

    def drop_unfinished(self) -> None:
        """Let what was under way be tried again: for the start, since one process answers."""
        with self._records.write() as session:
            session.execute(delete(Replay).where(Replay.status.is_(None)))


def owner_of(visitor: Visitor) -> str:
    """Return under whose name the writes of a visitor are kept: an API key's, or a learner's in their space."""
    whose = visitor.key or sha256(f"{visitor.space}\n{visitor.learner or ''}".encode(errors="replace")).hexdigest()
    return f"{visitor.tenant}/{whose}"


def _under_way() -> Conflict:
    return Conflict("This request is being answered already. Wait a moment, then send it again with the same key.")
