"""Tenants: schools and departments whose courses and learners are their own, and the secret behind pseudonyms."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from hashlib import sha256

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from tutor.errors import Conflict, InputError, NotFound
from tutor.records import Records, Secret, Tenant
from tutor.types import Model
from tutor.visitor import LOCAL, SCOPES_OF, Visitor

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_PSEUDONYMS = "pseudonyms"


class TenantInfo(Model):
    """A tenant as it is listed."""

    id: str
    retention_days: int | None = Field(description="After which what its learners left goes; null: it is kept.")
    created_at: datetime


def administrator_of(records: Records, tenant: str) -> Visitor:
    """Return who changes what belongs to ``tenant`` as a whole; raises `NotFound` for an unknown one."""
    with records.read() as session:
        found = find_tenant(session, tenant)
        return Visitor(found.id, role="administrator", scopes=SCOPES_OF["administrator"])


def create_tenant(records: Records, tenant: str, retention_days: int | None = None) -> TenantInfo:
    """Make a tenant and return it; raises `InputError` for an unusable name, `Conflict` where it is there already."""
    with records.write() as session:
        if session.get(Tenant, check_tenant_id(tenant)):
            raise Conflict(f"There is a tenant {tenant!r} already. Choose another name, or see: tutor tenants set.")
        row = ensure_tenant(session, tenant)
        row.retention_days = retention_days
        return _info(row)


def set_retention(records: Records, tenant: str, days: int | None) -> TenantInfo:
    """Keep what the learners of ``tenant`` leave for ``days``, or until it is erased; raises `NotFound`."""
    with records.write() as session:
        row = find_tenant(session, tenant)
        row.retention_days = days
        return _info(row)


def list_tenants(records: Records) -> tuple[TenantInfo, ...]:
    """Return all tenants by name."""
    with records.read() as session:
        return tuple(map(_info, session.scalars(select(Tenant).order_by(Tenant.id))))


def _info(row: Tenant) -> TenantInfo:
    return TenantInfo(id=row.id, retention_days=row.retention_days, created_at=row.created_at)


def check_tenant_id(tenant: str) -> str:
    """Return ``tenant`` if it can name one; raises `InputError` otherwise."""
    if not _ID.fullmatch(tenant):
        raise InputError(
            f"{tenant[:80]!r} cannot name a tenant. Use small letters, digits and hyphens, as in oak-hill."
        )
    return tenant


def ensure_tenant(session: Session, tenant: str = LOCAL) -> Tenant:
    """Return the tenant, made if it is not there; raises `InputError` for an unusable name."""
    row = session.get(Tenant, check_tenant_id(tenant))
    if row is None:
        row = Tenant(id=tenant)
        session.add(row)
        session.flush()
    return row


def find_tenant(session: Session, tenant: str) -> Tenant:
    """Return the tenant; raises `NotFound`. That of whoever runs the tutor is always there."""
    row = ensure_tenant(session) if tenant == LOCAL else session.get(Tenant, tenant)
    if row is None:
        raise NotFound(f"There is no tenant {tenant[:80]!r}. Make it first: tutor tenants create NAME.")
    return row


def pseudonym(records: Records, issuer: str, subject: str) -> str:
    """Return what the learner ``subject`` of ``issuer`` is called here: an HMAC-SHA-256, of no use elsewhere.

    The same subject of two issuers is two learners.
    """
    with records.read() as session:
        row = session.get(Secret, _PSEUDONYMS)
    key = bytes.fromhex(row.value if row else _make_secret(records))
    said = f"{len(issuer)}:{issuer}{subject}".encode(errors="surrogatepass")
    return "l_" + hmac.new(key, said, sha256).hexdigest()[:40]


def _make_secret(records: Records) -> str:
    with records.write() as session:
        row = session.get(Secret, _PSEUDONYMS)  # somebody else may just have made it
        if row is None:
            row = Secret(name=_PSEUDONYMS, value=secrets.token_hex(32))
            session.add(row)
        return row.value
