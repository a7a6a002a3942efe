"""Access tokens: what a platform gives the tutor for its signed word, to call the platform's services with.

OAuth 2.0 client credentials with a signed assertion, as the 1EdTech Security Framework 1.0 has it (section 4.1).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from time import time
from typing import Any
from urllib.parse import urlencode

from tutor.errors import Unreachable
from tutor.fetching import Fetched, Fetcher

Sign = Callable[[dict[str, Any]], str]  # from claims to a JSON Web Token that is signed with the tool's key

ASSERTION_LASTS = 120  # seconds
LASTS = 300  # seconds that a token is used where the platform does not say how long it holds
LONGEST = 3600
_EARLY = 30  # seconds; a token must not end on the way
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True)
class TokenSource:
    """Where a platform gives tokens, and what the tutor is called there."""

    platform: int
    client_id: str
    url: str


class NoToken(Unreachable):
    """The platform gave no token; ``answer`` is what it answered, None where that was no token."""

    def __init__(self, message: str, answer: Fetched | None = None) -> None:
        super().__init__(message)
        self.answer = answer


class Tokens:
    """The tokens in use, each kept until it ends. Thread-safe."""

    def __init__(self, fetcher: Fetcher, sign: Sign) -> None:
        self._fetcher, self._sign = fetcher, sign
        self._held: dict[tuple[TokenSource, frozenset[str]], tuple[str, float]] = {}
        self._lock = Lock()

    def token(self, source: TokenSource, scopes: Iterable[str]) -> str:
        """Return a token for ``scopes``; raises `NoToken`, `Unreachable` or `ForbiddenAddress` where none is given."""
        key = (source, frozenset(scopes))
        with self._lock:
            held, ends = self._held.get(key, ("", 0.0))
        if ends > time():
            return held
        token, lasts = self._fetch(source, key[1])
        with self._lock:
            self._held[key] = (token, time() + lasts - _EARLY)
        return token

    def forget(self, source: TokenSource) -> None:
        """Use no token any more that this platform gave: it does not take them."""
        with self._lock:
            self._held = {key: held for key, held in self._held.items() if key[0] != source}

    def _fetch(self, source: TokenSource, scopes: frozenset[str]) -> tuple[str, float]:
        now = int(time())
        claims = {
            "iss": source.client_id,
            "sub": source.client_id,
            "aud": source.url,
            "iat": now,
            "exp": now + ASSERTION_LASTS,
            "jti": secrets.token_urlsafe(24),
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._sign(claims),
            "scope": " ".join(sorted(scopes)),
        }
        answer = self._fetcher.call("POST", source.url, _FORM, urlencode(form).encode())
        if not answer.ok:
            raise NoToken(f"The LMS gave no access token ({answer.status}). Check its registration.", answer)
        return _read(answer.json())


def _read(given: object) -> tuple[str, float]:
    token = given.get("access_token") if isinstance(given, Mapping) else None
    # It becomes part of a header, in which a line end would begin another.
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token.strip():
        raise NoToken("The LMS gave no access token that can be used. Check its registration.")
    assert isinstance(given, Mapping)
    try:
        lasts = float(given.get("expires_in", LASTS))
    except (TypeError, ValueError, OverflowError):
        lasts = LASTS
    return token, min(max(lasts, 0), LONGEST)
