"""Tenants: schools and departments whose courses and learners are their own, and the secret behind pseudonyms."""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256

from sqlalchemy.orm import Session

from tutor.errors import InputError, NotFound
from tutor.records import Records, Secret, Tenant
from tutor.visitor import LOCAL

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_PSEUDONYMS = "pseudonyms"


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
    """Return the tenant; raises `NotFound`."""
    row = session.get(Tenant, tenant)
    if row is None:
        raise NotFound(f"There is no tenant {tenant[:80]!r}.")
    return row


def pseudonym(records: Records, issuer: str, subject: str) -> str:
    """Return what the learner ``subject`` of ``issuer`` is called here: an HMAC-SHA-256, of no use elsewhere.

    The same subject of two issuers is two learners.
    """
    with records.write() as session:
        row = session.get(Secret, _PSEUDONYMS)
        if row is None:
            row = Secret(name=_PSEUDONYMS, value=secrets.token_hex(32))
            session.add(row)
        key = bytes.fromhex(row.value)
    said = f"{len(issuer)}:{issuer}{subject}".encode(errors="surrogatepass")
    return "l_" + hmac.new(key, said, sha256).hexdigest()[:40]
