"""Keys: the RSA keys that the tutor signs with towards platforms, and the key set in which they find them.

A new key is published before it signs, and an old one for a while after, so that no platform meets a signature whose
key it cannot find.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode
from sqlalchemy import select
from sqlalchemy.orm import Session

from tutor.records import Records, ToolKey

SETTLES = timedelta(hours=1)  # platforms keep a key set that long
LINGERS = timedelta(days=7)  # what was signed with a key is long used up by then


@dataclass(frozen=True)
class SigningKey:
    """A private key with the id under which its public half is published."""

    id: str
    private: RSAPrivateKey


def signing_key(records: Records) -> SigningKey:
    """Return the key to sign with, made on first use."""
    published = _published(records)
    settled = [row for row in published if row.created_at <= datetime.now(UTC) - SETTLES]
    return _load((settled or published[-1:])[0])


def key_set(records: Records) -> dict[str, Any]:
    """Return the public halves of all keys that are in use, as a JSON Web Key Set."""
    return {"keys": [_public(_load(row)) for row in _published(records)]}


def rotate_keys(records: Records, at_once: bool = False) -> str:
    """Make a new key and return its id; it signs as soon as platforms have had time to read it.

    With ``at_once`` it signs now, and the old ones are no longer published: for keys that somebody else may have.
    """
    with records.write() as session:
        now = datetime.now(UTC)
        for row in session.scalars(select(ToolKey)):
            if at_once or (row.retired_at is not None and row.retired_at <= now - LINGERS):
                session.delete(row)
            elif row.retired_at is None:
                row.retired_at = now
        return _make(session).id


def _published(records: Records) -> list[ToolKey]:
    """Return the keys that platforms are shown, the newest first."""
    with records.read() as session:
        if rows := _in_use(session):
            return rows
    with records.write() as session:
        return _in_use(session) or [_make(session)]


def _in_use(session: Session) -> list[ToolKey]:
    rows = session.scalars(select(ToolKey).order_by(ToolKey.created_at.desc(), ToolKey.id))
    return [row for row in rows if row.retired_at is None or row.retired_at > datetime.now(UTC) - LINGERS]


def _make(session: Session) -> ToolKey:
    private = generate_private_key(public_exponent=65537, key_size=2048)
    written = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    row = ToolKey(id=_thumbprint(private), private_key=written.decode(), created_at=datetime.now(UTC))
    session.add(row)
    session.flush()
    return row


def _load(row: ToolKey) -> SigningKey:
    private = serialization.load_pem_private_key(row.private_key.encode(), password=None)
    assert isinstance(private, RSAPrivateKey)
    return SigningKey(row.id, private)


def _numbers(private: RSAPrivateKey) -> dict[str, Any]:
    public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {name: public[name] for name in ("e", "kty", "n")}


def _public(key: SigningKey) -> dict[str, Any]:
    return _numbers(key.private) | {"kid": key.id, "use": "sig", "alg": "RS256"}


def _thumbprint(private: RSAPrivateKey) -> str:
    """Return what RFC 7638 calls a key."""
    said = json.dumps(_numbers(private), separators=(",", ":"), sort_keys=True)
    return base64url_encode(sha256(said.encode()).digest()).decode()
