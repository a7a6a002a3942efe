"""Key sets: the public keys of platforms, fetched where they publish them and kept for a while."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import RSAAlgorithm

from tutor.errors import Forbidden

LASTS = 3_600.0  # seconds that a key set is taken for current
PAUSE = 30.0  # seconds between two looks for a key that a set lacks, whoever asks
AFTER_FAILURE = 5.0  # seconds until a set that could not be fetched is fetched again
LARGEST = 100_000  # bytes; a key takes four hundred
SECONDS = 5.0  # that a fetch may take from beginning to end
BITS = range(2_048, 8_193)  # shorter ones can be broken, longer ones take long to check with


async def fetch_json(url: str, seconds: float = SECONDS, largest: int = LARGEST) -> Any:
    """Return the JSON at ``url``, which may neither redirect nor take longer nor be larger than that.

    Raises `Forbidden` with what went wrong.
    """
    try:
        async with asyncio.timeout(seconds):
            return json.loads(await _read(url, seconds, largest))
    except TimeoutError:
        raise Forbidden(f"it took longer than {seconds:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Forbidden(f"it could not be fetched ({type(error).__name__})") from None
    except (ValueError, RecursionError):
        raise Forbidden("it is not JSON") from None


async def _read(url: str, seconds: float, largest: int) -> bytes:
    plain = {"Accept": "application/json", "Accept-Encoding": "identity"}
    body = bytearray()
    async with (
        httpx.AsyncClient(timeout=seconds, follow_redirects=False, trust_env=False) as client,
        client.stream("GET", url, headers=plain) as response,
    ):
        if response.status_code != 200:
            raise Forbidden(f"it was answered with the status {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Forbidden("it came compressed though nobody asked for that")
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > largest:
                raise Forbidden(f"it is larger than {largest:,} bytes")
    return bytes(body)


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

    def __init__(self) -> None:
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
        raise Forbidden(f"The platform's key set cannot be used: {held.failure or 'it lacks the key of the token'}.")

    @staticmethod
    async def _fetch(held: _Held, url: str, pause: float) -> None:
        try:
            held.keys, held.failure = usable_keys(await fetch_json(url)), ""
            held.current_until = monotonic() + LASTS
        except Forbidden as error:
            held.failure, pause = str(error), max(pause, AFTER_FAILURE)
        held.paused_until = monotonic() + pause


def usable_keys(data: Any) -> dict[str, RSAPublicKey]:
    """Return the keys of a key set that RS256 can be checked with, by id; raises `Forbidden` for what is no key set."""
    listed = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise Forbidden("it is no key set")
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
