"""Modes: whom an installation serves. *Personal* is one person on this computer, *shared* is everyone who signs in."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from sqlalchemy import select

from tutor.errors import SetupError
from tutor.records import ApiKey, Platform, Records
from tutor.settings import Settings
from tutor.tenants import check_tenant_id


def check_mode(settings: Settings) -> str:
    """Return what is said of the mode on start-up; raises `SetupError` for an address that shared mode cannot use.

    Cookies, launches and sign-ins are bound to that address, so it is never guessed.
    """
    if settings.mode == "personal":
        return "personal mode (this computer only)"
    if "base_url" not in settings.model_fields_set:
        raise SetupError(
            "Shared mode needs the address at which people open it: set TUTOR_BASE_URL, such as https://tutor.school.edu."
        )
    if not _is_safe(settings.base_url):
        raise SetupError(
            "Shared mode needs an https address in TUTOR_BASE_URL, such as https://tutor.school.edu; "
            "for trying it on this computer, http://127.0.0.1:7860 will do."
        )
    provider_secret(settings)
    return f"shared mode (for who signs in, at {settings.base_url})"


def provider_secret(settings: Settings) -> str | None:
    """Return the client secret for the OpenID Connect provider, None without one; raises `SetupError`."""
    if not settings.oidc_issuer:
        return None
    if not _is_safe(settings.oidc_issuer) or not settings.oidc_client_id:
        raise SetupError("Signing in needs an https address in TUTOR_OIDC_ISSUER, and TUTOR_OIDC_CLIENT_ID beside it.")
    check_tenant_id(settings.oidc_tenant)
    if settings.oidc_secret_file is None:
        return None
    try:
        secret = settings.oidc_secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise SetupError(f"{settings.oidc_secret_file} holds no client secret. Correct TUTOR_OIDC_SECRET_FILE.")
    return secret


def check_may_listen(settings: Settings, host: str) -> None:
    """Raise `SetupError` where the mode does not allow listening on ``host``."""
    if settings.mode == "personal" and not is_loopback(host):
        raise SetupError(
            f"Personal mode listens on this computer only: {host} is not a loopback address. Use 127.0.0.1."
        )


def nobody_can_sign_in(settings: Settings, records: Records) -> bool:
    """Return whether shared mode has no way in: no provider, no registered LMS, no API key."""
    if settings.mode == "personal" or settings.oidc_issuer:
        return False
    with records.read() as session:
        platform = session.scalar(select(Platform.id).limit(1))
        key = session.scalar(select(ApiKey.id).where(ApiKey.revoked_at.is_(None)).limit(1))
    return platform is None and key is None


def _is_safe(address: str) -> bool:
    """Return whether nobody on the way reads or changes what goes to an address, of which it is nothing but that."""
    try:
        url = urlsplit(address)
        host, _ = url.hostname or "", url.port
    except ValueError:
        return False
    secure = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
    return bool(host and secure) and not (url.query or url.fragment or url.username)


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is this computer and nothing else."""
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        return False
