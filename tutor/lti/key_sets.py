"""Key sets: the public keys of platforms, fetched where they publish them and kept for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import RSAAlgorithm
from starlette.concurrency import run_in_threadpool

from tutor.errors import Forbidden, ForbiddenAddress, Unreachable
from tutor.fetching import Fetcher

LASTS = 3_600.0  # seconds that a key set is taken for current
PAUSE = 30.0  # seconds between two looks for a key that a set lacks, whoever asks
AFTER_FAILURE = 5.0  # seconds until a set that could not be fetched is fetched again
BITS = range(2_048, 8_193)  # shorter ones can be broken, longer ones take long to check with


@dataclass
class _Held:
    """The keys of one address, until when they are current, and from when on they may be looked for again."""

    keys: Mapping[str, RSAPublicKey] = field(default_factory=dict)
    current_until: float = 0.0
    paused_until: float = 0.0
    failure: str = ""
    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """The key sets of all platforms; for use in one event loop."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._held: dict[str, _Held] = {}

    async def find(self, url: str, id: str) -> RSAPublicKey:
        """Return the key that is called ``id`` in the key set at ``url``, which is fetched where it has to be.

        A key that it lacks makes it be fetched once more, and then not again for a while: nobody can have the tutor
        send requests by naming keys. Raises `Forbidden` where there is no such key or no key set.
        """
        held = self._held.setdefault(url, _Held())
        async with held.fetching:
            now = monotonic()
            current = now < held.current_until
            if not (current and id in held.keys) and now >= held.paused_until:
                await self._fetch(held, url, PAUSE if current else 0.0)
        if monotonic() < held.current_until and id in held.keys:
            return held.keys[id]
        raise Forbidden(f"The platform's key set cannot be used. {held.failure or 'It lacks the key of the token.'}")

    async def _fetch(self, held: _Held, url: str, pause: float) -> None:
        try:
            held.keys = usable_keys(await run_in_threadpool(self._read, url))
            held.failure, held.current_until = "", monotonic() + LASTS
        except (Forbidden, ForbiddenAddress, Unreachable) as error:
            held.failure, pause = str(error), max(pause, AFTER_FAILURE)
        held.paused_until = monotonic() + pause

    def _read(self, url: str) -> Any:
        fetched = self._fetcher.get(url, {"Accept": "application/json"})
        if fetched.status != 200:
            raise Forbidden(f"It was answered with the status {fetched.status}.")
        return fetched.json()


def usable_keys(data: Any) -> dict[str, RSAPublicKey]:
    """Return the keys of a key set that RS256 can be checked with, by id; raises `Forbidden` for what is no key set."""
    listed = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise Forbidden("It is no key set.")
    found: dict[str, RSAPublicKey] = {}
    for entry in listed:
        key = _usable_key(entry)
        if key is not None:
            found.setdefault(entry["kid"], key)
    return found


def _usable_key(entry: Any) -> RSAPublicKey | None:
    if not isinstance(entry, dict) or entry.get("kty") != "RSA" or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:  # of a private key that somebody published only the public half counts
        key = RSAAlgorithm.from_jwk({name: entry[name] for name in ("kty", "n", "e")})
    except (PyJWTError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size in BITS else None
