"""Addresses: which URLs of a platform, and which of the tutor's own, may be used."""

from __future__ import annotations

import re
from typing import TypeGuard
from urllib.parse import SplitResult, urlsplit

from tutor.modes import is_loopback

LONGEST = 2_000
_SEEN = re.compile(r"[!-\[\]^-~]+")  # ASCII without blanks and the backslash, which browsers read as a slash
_PORTS = {"http": 80, "https": 443}


def usable(url: object) -> TypeGuard[str]:
    """Return whether ``url`` is an absolute https address, or an http one on this computer, without a password."""
    if not isinstance(url, str) or len(url) > LONGEST or not _SEEN.fullmatch(url):
        return False
    parts = _split(url)
    if parts is None or not parts.hostname or "@" in parts.netloc or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def origin(url: str) -> str:
    """Return scheme, host and port of a usable ``url``, as a browser writes them."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def lies_under(url: str, base: str) -> bool:
    """Return whether ``url`` is an address of the tutor that is served at ``base``."""
    if len(url) > LONGEST or not _SEEN.fullmatch(url):
        return False
    parts, own = _split(url), urlsplit(base)
    if parts is None or "@" in parts.netloc or origin(url) != origin(base):
        return False
    folder = own.path.rstrip("/") + "/"
    segments = parts.path.lower().replace("%2e", ".").split("/")
    return f"{parts.path}/".startswith(folder) and not {".", ".."} & set(segments)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
