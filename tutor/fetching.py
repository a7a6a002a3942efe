"""Fetching: the one way in which the tutor calls other servers, told by people or by platforms which to call.

Who can name an address can otherwise make the tutor call what only it can reach: its own ports, the school's network,
the metadata service of a cloud (OWASP ASVS 5, V1.3.6).
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import certifi
import httpx

from tutor.errors import ForbiddenAddress, Unreachable
from tutor.settings import Settings

SECONDS = 10.0  # that one call takes at most, from the name's resolution to the last byte
LARGEST = 1_000_000  # bytes of an answer

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]  # from a name and a port to addresses

_GLOBAL_IPV6 = IPv6Network("2000::/3")
_AS_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\.?", re.IGNORECASE)
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Fetched:
    """What another server answered; a redirect is an answer, not a thing to follow."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body as JSON; raises `Unreachable` for anything else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unreachable(f"{_host(self.url)} did not answer in JSON. Ask whoever runs it.") from None


def system_addresses(host: str, port: int) -> Sequence[str]:
    """Return the addresses of ``host`` as this computer resolves it."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Calls other servers over https, at public addresses only.

    Exceptions are named by whoever runs the tutor: ``private_hosts`` may have addresses of the school's own network.
    With ``loopback`` servers on this computer may be called too, without TLS: for a tutor that itself is served there
    and nowhere else, so that an LMS can be tried out. Thread-safe; not for use inside a running event loop.
    """

    def __init__(
        self,
        private_hosts: Sequence[str] = (),
        loopback: bool = False,
        seconds: float = SECONDS,
        largest: int = LARGEST,
        resolve: Resolve = system_addresses,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._private, self._loopback = frozenset(host.lower() for host in private_hosts), loopback
        self._seconds, self._largest, self._resolve, self._trust = seconds, largest, resolve, trust
        # Resolving blocks, and whoever waits for it must be able to give up.
        self._resolvers = ThreadPoolExecutor(4, thread_name_prefix="resolve")

    @classmethod
    def of(cls, settings: Settings) -> Fetcher:
        """Return the fetcher that ``settings`` ask for."""
        return cls(settings.private_hosts.split(), loopback=_host(settings.base_url) in _LOOPBACK_HOSTS)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """Return what a server answers to a GET; raises as `call` does."""
        return self.call("GET", url, headers)

    def call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Fetched:
        """Return what a server answers.

        Raises `ForbiddenAddress` where it may not be called, `Unreachable` where it does not answer in time and size.
        """
        target = self.check(url)
        return asyncio.run(self._call(method, target, dict(headers or {}), content))

    def check(self, url: str) -> httpx.URL:
        """Return ``url`` as it is called; raises `ForbiddenAddress` where its form alone says that it may not be."""
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, TypeError, ValueError):
            raise ForbiddenAddress("That is no web address. Give one that begins with https://.") from None
        if not target.host or target.userinfo or re.search(r"[\s\\]", url):
            raise ForbiddenAddress("That web address has no host, or holds a name or password. Leave them out.")
        if target.scheme != "https" and not (target.scheme == "http" and self._is_own(target.host)):
            raise ForbiddenAddress(
                f"{target.host} is not called without TLS. Give an address that begins with https://."
            )
        # getaddrinfo reads 2130706433, 0177.1 and 0x7f.1 as addresses, which other programs take for names.
        if _AS_NUMBER.fullmatch(target.host.rsplit(".", 1)[-1]) and not _is_address(target.host):
            raise ForbiddenAddress(f"{target.host[:80]} is no host name. Write an address as 192.0.2.1.")
        return target

    async def _call(self, method: str, url: httpx.URL, headers: dict[str, str], content: bytes | None) -> Fetched:
        try:
            # httpx limits each wait, not their sum: a server that sends a byte now and then would hold us for ever.
            async with asyncio.timeout(self._seconds):
                addresses = await self._addresses(url)
                for last, address in zip([*[False] * (len(addresses) - 1), True], addresses, strict=True):
                    try:
                        return await self._send(method, url, address, headers, content)
                    except httpx.ConnectError:
                        if last:
                            raise
        except TimeoutError:
            problem = f"did not answer within {self._seconds:g} seconds"
        except httpx.ConnectError:
            problem = "cannot be reached, or its certificate is not valid"
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            problem = f"broke off ({type(error).__name__})"
        raise Unreachable(f"{url.host} {problem}. Ask whoever runs it.")

    async def _addresses(self, url: httpx.URL) -> list[Address]:
        """Return the addresses of a host, each of them checked: one that is not allowed condemns the name."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            future = self._resolvers.submit(self._resolve, url.raw_host.decode().strip("[]"), port)
            found = [ip_address(said) for said in await asyncio.wrap_future(future)]
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise Unreachable(f"The name {url.host} cannot be resolved. Check it, and ask whoever runs that server.")
        if not all(self._may_call(url.host, address) for address in found):
            raise ForbiddenAddress(
                f"{url.host} is not on the public internet. If it is a server of your own, name it in "
                "TUTOR_PRIVATE_HOSTS."
            )
        return list(dict.fromkeys(found))

    def _may_call(self, host: str, address: Address) -> bool:
        if self._is_own(host):
            return address.is_loopback
        if host.lower() in self._private:
            # The metadata service of a cloud is link-local, and no server of a school is.
            return address.is_loopback or not (
                address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
            )
        return is_public(address)

    def _is_own(self, host: str) -> bool:
        return self._loopback and host in _LOOPBACK_HOSTS

    async def _send(
        self, method: str, url: httpx.URL, address: Address, headers: dict[str, str], content: bytes | None
    ) -> Fetched:
        # The address that was checked is the one that is called: a second resolution might answer otherwise.
        pinned = url.copy_with(host=str(address))
        headers = {**headers, "Host": url.netloc.decode(), "Accept-Encoding": "identity", "User-Agent": "Tutor"}
        # No environment: a proxy would resolve the name itself, and a netrc file would add a password.
        async with httpx.AsyncClient(
            verify=self._context(), timeout=self._seconds, follow_redirects=False, trust_env=False
        ) as client:
            request = client.build_request(
                method, pinned, headers=headers, content=content, extensions={"sni_hostname": url.raw_host.decode()}
            )
            response = await client.send(request, stream=True)
            try:
                body = bytearray()
                async for piece in response.aiter_raw():  # as sent: what is compressed could grow without end
                    body += piece
                    if len(body) > self._largest:
                        raise Unreachable(f"{url.host} sent more than {self._largest:,} bytes. Ask whoever runs it.")
            finally:
                await response.aclose()
            return Fetched(str(url), response.status_code, response.headers, bytes(body))

    def _context(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = ssl.create_default_context(cafile=certifi.where())
            self._trust.load_default_certs()  # a school's own authority, where the computer knows it
        return self._trust


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet: not private, local, reserved, multicast or translated.

    IPv6 forms of an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) lead where the IPv4 address does, so none
    is taken.
    """
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_IPV6 or address.sixtofour or address.teredo):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long a server asks to be left alone: seconds or a date (RFC 9110, 10.2.3); None where it does not."""
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return timedelta(seconds=min(int(said[:9]), 10**6))
    try:
        moment = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - datetime.now(UTC), timedelta(0)), timedelta(seconds=10**6))


def same_origin(url: str, other: str) -> bool:
    """Return whether two addresses are of one scheme, host and port."""
    try:
        first, second = httpx.URL(url), httpx.URL(other)
    except (httpx.InvalidURL, TypeError):
        return False
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host
    except httpx.InvalidURL:
        return ""
