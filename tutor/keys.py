"""API keys: what a program of a tenant shows to make calls, told once and kept as a salted hash."""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import cast

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from tutor.errors import Conflict, InputError, NotFound, NotReady, Unauthorised
from tutor.records import ApiKey, Course, Records
from tutor.tenants import find_tenant
from tutor.types import Model
from tutor.visitor import SCOPES, Role, Scope, Visitor
from tutor.words import one_line

log = logging.getLogger("tutor.keys")

LONGEST_NAME = 120
LONGEST_LIFE = 3_650  # days
GRACE = timedelta(days=1)  # in which a key that was rotated still works, so that the new one can be put in its place
_USE_IS_NOTED = timedelta(minutes=1)  # at most that often: a write for each call would hold up all others
_FORM = re.compile(r"tutor_([0-9a-f]{16})_([0-9a-f]{64})")
_NOBODYS_SALT, _NOBODYS_HASH = "0" * 32, "0" * 64  # what a key with an unknown id is compared with


class KeyInfo(Model):
    """A key as it is listed: all but the key."""

    id: str
    tenant: str
    name: str
    scopes: tuple[Scope, ...]
    courses: tuple[str, ...] | None = Field(description="What it is limited to; null for all of its tenant's.")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="When it was last used, to the minute.")


class NewKey(KeyInfo):
    """A key that was just made, with the key itself, which nothing can show again."""

    key: str


class Keys:
    """The API keys of one installation."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def create(
        self,
        tenant: str,
        name: str,
        scopes: Iterable[Scope],
        courses: Iterable[str] | None = None,
        lasts: timedelta | None = None,
    ) -> NewKey:
        """Make a key for ``tenant``, limited to ``courses`` unless None, that expires after ``lasts`` unless None.

        Raises `InputError` for an unusable name, no scope or no course, `NotFound` for an unknown tenant or
        a course that it cannot use.
        """
        name, given = one_line(name), set(scopes)
        if not name or len(name) > LONGEST_NAME:
            raise InputError(f"A key needs a name of at most {LONGEST_NAME} characters: that of the program to use it.")
        if not given:
            raise InputError(f"A key needs at least one scope: {', '.join(SCOPES)}.")
        limited = None if courses is None else sorted(set(courses))
        if limited == []:
            raise InputError("A key that is limited to courses needs at least one. Leave them out for all courses.")
        with self._records.write() as session:
            find_tenant(session, tenant)
            for course in limited or ():
                _check_usable(session, course, tenant)
            now = datetime.now(UTC)
            row = ApiKey(tenant=tenant, name=name, scopes=[s for s in SCOPES if s in given], courses=limited)
            return _made(session, row, now, now + lasts if lasts else None)

    def rotate(self, id: str, grace: timedelta = GRACE) -> NewKey:
        """Make a key that may do and lasts as the key ``id`` does, which expires after ``grace``.

        Raises `NotFound`, or `Conflict` where it is revoked or has expired.
        """
        with self._records.write() as session:
            old, now = _find(session, id), datetime.now(UTC)
            if trouble := _trouble(old, now):
                raise Conflict(f"{trouble} Create another one.")
            lasts = old.expires_at - old.created_at if old.expires_at else None
            row = ApiKey(tenant=old.tenant, name=old.name, scopes=old.scopes, courses=old.courses)
            new = _made(session, row, now, now + lasts if lasts else None)
            old.expires_at = min(filter(None, (old.expires_at, now + grace)))
            return new

    def revoke(self, id: str) -> KeyInfo:
        """Make the key ``id`` useless from now on and return it; raises `NotFound`."""
        with self._records.write() as session:
            row = _find(session, id)
            row.revoked_at = row.revoked_at or datetime.now(UTC)
            return _info(row)

    def listed(self, tenant: str | None = None) -> tuple[KeyInfo, ...]:
        """Return the keys (of ``tenant``), the oldest first; raises `NotFound` for an unknown tenant."""
        query = select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)
        with self._records.read() as session:
            if tenant is not None:
                query = query.filter_by(tenant=find_tenant(session, tenant).id)
            return tuple(map(_info, session.scalars(query)))

    def visitor(self, key: str) -> Visitor:
        """Return on whose behalf calls with ``key`` are made; raises `Unauthorised` for one that is not in force."""
        form = _FORM.fullmatch(key)
        id, secret = form.groups() if form else ("", key)
        now = datetime.now(UTC)
        with self._records.read() as session:
            row = session.get(ApiKey, id)
            # An unknown id is hashed and compared too, so that the time taken does not tell which ids there are.
            salt, hash = (row.salt, row.hash) if row else (_NOBODYS_SALT, _NOBODYS_HASH)
            if not hmac.compare_digest(_hash(salt, secret), hash) or row is None:
                raise Unauthorised("There is no such API key. Check that it was copied whole, or ask for a new one.")
            if trouble := _trouble(row, now):
                raise Unauthorised(f"{trouble} Ask for a new one.")
            visitor, used = _visitor(row), row.used_at
        if used is None or now - used >= _USE_IS_NOTED:
            self._note_use(id, now)
        return visitor

    def _note_use(self, id: str, now: datetime) -> None:
        try:
            with self._records.write() as session:
                _find(session, id).used_at = now
        except (NotFound, NotReady) as error:  # a full disk must not keep anybody from reading
            log.warning("the use of a key was not noted: %s", error)


def looks_like_key(text: str) -> bool:
    """Return whether a key stands in ``text``."""
    return _FORM.search(text) is not None


def _hash(salt: str, secret: str) -> str:
    """Return the salted SHA-256 of a secret.

    A slow hash makes guesses dear where people choose secrets. These are 256 random bits, which nobody guesses at any
    speed, and every call is to be quick. The salt keeps equal secrets of two installations apart.
    """
    return sha256(bytes.fromhex(salt) + secret.encode(errors="replace")).hexdigest()


def _made(session: Session, row: ApiKey, now: datetime, expires: datetime | None) -> NewKey:
    secret = secrets.token_hex(32)
    row.id, row.salt, row.created_at, row.expires_at = secrets.token_hex(8), secrets.token_hex(16), now, expires
    row.hash = _hash(row.salt, secret)
    session.add(row)
    session.flush()
    return NewKey(**_info(row).model_dump(), key=f"tutor_{row.id}_{secret}")


def _find(session: Session, id: str) -> ApiKey:
    """Return the key called ``id``, or whose key that is: what somebody finds where it should not be is a whole key."""
    form = _FORM.fullmatch(id)
    row = session.get(ApiKey, form[1] if form else id)
    if row is None:
        raise NotFound(f"There is no API key {id[:22]!r}. See: tutor keys list.")  # without what may be its secret
    return row


def _check_usable(session: Session, course: str, tenant: str) -> None:
    row = session.get(Course, course)
    if row is None or row.tenant not in (None, tenant):
        raise NotFound(f"There is no course {course[:80]!r} that {tenant!r} can use. See: tutor courses.")


def _trouble(row: ApiKey, now: datetime) -> str:
    """Return why a key is not in force, empty where it is."""
    if row.revoked_at:
        return f"The API key {row.id} was revoked."
    if row.expires_at and row.expires_at <= now:
        return f"The API key {row.id} expired on {row.expires_at:%Y-%m-%d}."
    return ""


def _visitor(row: ApiKey) -> Visitor:
    scopes = frozenset(cast("list[Scope]", row.scopes))
    role: Role = "administrator" if "admin" in scopes else "teacher" if "write" in scopes else "learner"
    courses = None if row.courses is None else frozenset(row.courses)
    return Visitor(row.tenant, role=role, scopes=scopes, courses=courses, acts=True, key=row.id)


def _info(row: ApiKey) -> KeyInfo:
    return KeyInfo(
        id=row.id,
        tenant=row.tenant,
        name=row.name,
        scopes=tuple(row.scopes),
        courses=None if row.courses is None else tuple(row.courses),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
