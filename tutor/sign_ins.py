"""Sign-ins: which browser belongs to whom, told by a cookie whose value is kept as a hash only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import delete

from tutor.records import Records, SignIn
from tutor.visitor import SCOPES_OF, Role, Visitor

LASTS = timedelta(hours=8)  # a school day; the LMS launches anew after it


@dataclass(frozen=True)
class SignedIn:
    """A browser that is signed in, and what it came for.

    ``link`` and ``platform`` are ids of the LMS link and platform that launched it; ``details`` hold the course and
    section to open, and what a deep link needs to be returned.
    """

    visitor: Visitor
    link: int | None = None
    platform: int | None = None
    details: dict[str, Any] = field(default_factory=dict)


class SignIns:
    """The sign-ins of one installation."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def begin(self, signed_in: SignedIn, lasts: timedelta = LASTS) -> str:
        """Sign a browser in and return the secret that its cookie holds; who it was before is up to the caller."""
        secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
        visitor = signed_in.visitor
        assert visitor.learner
        with self._records.write() as session:
            session.execute(delete(SignIn).where(SignIn.expires_at < now))
            session.add(
                SignIn(
                    id=_hash(secret),
                    tenant=visitor.tenant,
                    space=visitor.space,
                    learner=visitor.learner,
                    role=visitor.role,
                    link_id=signed_in.link,
                    platform_id=signed_in.platform,
                    details=signed_in.details,
                    expires_at=now + lasts,
                )
            )
        return secret

    def find(self, secret: str) -> SignedIn | None:
        """Return who is signed in with ``secret``; None where nobody is, or not any more."""
        with self._records.read() as session:
            row = session.get(SignIn, _hash(secret))
            if row is None or row.expires_at <= datetime.now(UTC):
                return None
            role = cast(Role, row.role)
            visitor = Visitor(row.tenant, row.space, row.learner, role, SCOPES_OF[role], link=row.link_id)
            return SignedIn(visitor, row.link_id, row.platform_id, row.details)

    def end(self, secret: str) -> None:
        """Sign a browser out."""
        with self._records.write() as session:
            session.execute(delete(SignIn).where(SignIn.id == _hash(secret)))


def _hash(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()
