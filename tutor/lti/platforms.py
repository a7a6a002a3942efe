"""Platforms: the LMSs that may launch the tutor, each for one tenant, as an administrator registered them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from tutor.errors import Conflict, InputError, NotFound
from tutor.lti.addresses import origin, usable
from tutor.records import Deployment, Platform, Records
from tutor.tenants import ensure_tenant
from tutor.types import Model
from tutor.visitor import LOCAL
from tutor.words import UNSHOWABLE

Name = Annotated[str, Field(min_length=1, max_length=255)]


class Registration(BaseModel):
    """What an LMS's administrator hands out of the tool's registration there; further fields are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    issuer: Name
    client_id: Name
    deployment_id: Name | list[Name]
    auth_login_url: str
    auth_token_url: str
    key_set_url: str

    @field_validator("issuer", "client_id", "deployment_id")
    @classmethod
    def _plain(cls, value: str | list[str]) -> str | list[str]:
        if not value or any(UNSHOWABLE.search(one) or one != one.strip() for one in _listed(value)):
            raise ValueError("give text without blanks around it")
        return value

    @field_validator("issuer", "auth_login_url", "auth_token_url", "key_set_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not usable(url):
            raise ValueError("give an https address (http only for this computer)")
        return url

    @property
    def deployments(self) -> list[str]:
        """The deployments, each once."""
        return sorted(set(_listed(self.deployment_id)))


class RegisteredPlatform(Model):
    """A platform as it is registered."""

    id: int
    tenant: str
    issuer: str
    client_id: str
    deployments: tuple[str, ...]
    auth_login_url: str
    auth_token_url: str
    key_set_url: str

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that its pages come from, as far as the registration tells."""
        return tuple(dict.fromkeys(map(origin, (self.issuer, self.auth_login_url))))


def parse_registration(data: Any) -> Registration:
    """Return ``data`` as a registration; raises `InputError` that names each wrong field."""
    try:
        return Registration.model_validate(data)
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else "the file"
            wrong.setdefault(name, each["msg"].removeprefix("Value error, ").lower())
        said = "; ".join(f"{name}: {message}" for name, message in wrong.items())
        raise InputError(f"The registration cannot be used: {said}. Copy it anew from the LMS.") from None


def register(records: Records, wanted: Registration, tenant: str = LOCAL) -> RegisteredPlatform:
    """Let a platform launch the tutor for ``tenant``; one that is registered already is brought up to date.

    Raises `Conflict` where it is registered for another tenant, `InputError` for a name that cannot be a tenant's.
    """
    with records.write() as session:
        ensure_tenant(session, tenant)
        row = session.scalar(select(Platform).filter_by(issuer=wanted.issuer, client_id=wanted.client_id))
        if row is None:
            row = Platform(tenant=tenant, issuer=wanted.issuer, client_id=wanted.client_id)
            session.add(row)
        elif row.tenant != tenant:
            raise Conflict(f"This LMS is registered for the tenant {row.tenant!r}. Remove it there first.")
        row.auth_login_url, row.auth_token_url = wanted.auth_login_url, wanted.auth_token_url
        row.key_set_url = wanted.key_set_url
        held = {one.deployment: one for one in row.deployments}
        row.deployments = [held.get(name) or Deployment(deployment=name) for name in wanted.deployments]
        session.flush()
        return _seen(row)


def remove(records: Records, issuer: str, client_id: str | None = None) -> RegisteredPlatform:
    """Forget a platform with its links and sign-ins, and return what it was.

    Raises `NotFound`, or `InputError` where the issuer has several registrations and ``client_id`` names none.
    """
    with records.write() as session:
        rows = _rows(session, issuer, client_id)
        if not rows:
            raise NotFound(f"No LMS {issuer[:255]!r} is registered that way. See: tutor lti list.")
        if len(rows) > 1:
            raise InputError(f"{issuer[:255]!r} is registered several times. Say which one: --client-id.")
        gone = _seen(rows[0])
        session.delete(rows[0])
        return gone


def list_platforms(records: Records) -> tuple[RegisteredPlatform, ...]:
    """Return all platforms, by issuer."""
    with records.read() as session:
        return tuple(_seen(row) for row in session.scalars(select(Platform).order_by(Platform.issuer, Platform.id)))


def find_platforms(records: Records, issuer: str, client_id: str | None = None) -> tuple[RegisteredPlatform, ...]:
    """Return the registrations of ``issuer``, those of ``client_id`` alone where it is given."""
    with records.read() as session:
        return tuple(map(_seen, _rows(session, issuer, client_id)))


def read_platform(session: Session, id: int) -> RegisteredPlatform:
    """Return the platform with this ``id``, which is there."""
    row = session.get(Platform, id)
    assert row is not None
    return _seen(row)


def _rows(session: Session, issuer: str, client_id: str | None) -> list[Platform]:
    query = select(Platform).filter_by(issuer=issuer)
    return list(session.scalars(query if client_id is None else query.filter_by(client_id=client_id)))


def _seen(row: Platform) -> RegisteredPlatform:
    return RegisteredPlatform(
        id=row.id,
        tenant=row.tenant,
        issuer=row.issuer,
        client_id=row.client_id,
        deployments=tuple(one.deployment for one in row.deployments),
        auth_login_url=row.auth_login_url,
        auth_token_url=row.auth_token_url,
        key_set_url=row.key_set_url,
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
