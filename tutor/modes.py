"""Modes: whom an installation serves. *Personal* is one person on this computer, *shared* is everyone who signs in."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from sqlalchemy import select

from tutor.errors import SetupError
from tutor.records import ApiKey, Platform, Records
from tutor.settings import Settings


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
    try:
        url = urlsplit(settings.base_url)
        host, _ = url.hostname or "", url.port
    except ValueError:
        url, host = urlsplit(""), ""
    secure = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
    if not (host and secure) or url.query or url.fragment or url.username:
        raise SetupError(
            "Shared mode needs an https address in TUTOR_BASE_URL, such as https://tutor.school.edu; "
            "for trying it on this computer, http://127.0.0.1:7860 will do."
        )
    return f"shared mode (for who signs in, at {settings.base_url})"


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


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is this computer and nothing else."""
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        return False
