"""The guard: what is refused before anything else looks at it, and the security headers of every response."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tutor.errors import NotReady
from tutor.tutor import Tutor
from tutor.web.access import COOKIE, has_key_in_query
from tutor.web.framing import frame_ancestors
from tutor.web.problems import problem

LARGEST_BODY = 256_000  # bytes; a question is at most a few thousand
_FILE = re.compile(r"/api/v1/courses/[^/]+/sources/.+", re.DOTALL)  # what a file is put to
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}

# Gradio needs inline scripts and evaluates templates; everything still has to come from this server.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "
)
_SHOWN = ("text/html", "application/problem+json")  # what a frame may hold; nothing else asks who may frame it
_ALWAYS_HTTPS = f"max-age={365 * 24 * 3600}"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Refuses foreign hosts, foreign origins, oversized bodies and uploads; sets the security headers.

    Any web page in the same browser can send requests to the server, even where it listens on loopback only: a page
    elsewhere is told by its ``Origin``, a rebound name by the ``Host``.
    """

    def __init__(self, app: ASGIApp, tutor: Tutor, cross_site: tuple[str, ...]) -> None:
        """Let pages of other sites send to the paths ``cross_site``."""
        self.app, self.cross_site, self.largest_file = app, cross_site, tutor.settings.max_source_bytes
        self.records, self.shared = tutor.records, tutor.settings.mode == "shared"
        url = urlsplit(tutor.settings.base_url)
        self.scheme, self.hosts = url.scheme, _LOCAL | {url.hostname or "localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a problem document."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_file = scope.get("method") == "PUT" and _FILE.fullmatch(scope["path"])
        most = self.largest_file if is_file else LARGEST_BODY
        refusal = None
        if _hostname(headers.get("host", "")) not in self.hosts:
            detail = (
                "This address is not one that the tutor serves. Open the one that it printed, or set TUTOR_BASE_URL."
            )
            refusal = problem(400, "Unknown host", detail)
        elif scope["path"] not in self.cross_site and self._is_from_elsewhere(scope.get("method", "GET"), headers):
            detail = "Another site's page cannot call the tutor. Call it from a program, or use its own page."
            refusal = problem(403, "Foreign origin", detail)
        elif has_key_in_query(scope["path"], scope["query_string"].decode("latin-1")):
            detail = (
                "A key does not belong in an address, which is logged on its way: revoke one that stood there. "
                "Send keys in a header: Authorization: Bearer YOUR_KEY."
            )
            refusal = problem(400, "Key in the address", detail)
        elif scope["path"].startswith("/gradio_api/upload"):
            refusal = problem(
                403, "No uploads", "The page takes no files here. Send them to /api/v1/courses/COURSE/sources/NAME."
            )
        elif int(headers.get("content-length") or 0) > most:
            what = "file" if is_file else "request"
            refusal = problem(413, "Too large", f"The {what} is larger than {most:,} bytes. Send less.")
        elif headers.get("content-type", "").strip().lower().startswith("multipart/"):
            # The page's framework stores any visitor's file; a file for a course is sent as it is.
            refusal = problem(415, "Unsupported media type", "The tutor takes no forms. Send JSON, or a file as it is.")
        if refusal is not None:
            await refusal(scope, receive, self._with_headers(send))
            return
        await self.app(scope, _limited(receive, most), self._with_headers(send))

    def _is_from_elsewhere(self, method: str, headers: Headers) -> bool:
        """Return whether a page of another site may have sent a request, which the browser's cookie then goes with.

        Browsers say where a page is from. What changes something and comes with our cookie, but not with that, is
        refused.
        """
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None:
            return not self._is_own(origin, headers.get("host", ""))
        if method in _SAFE:
            return False
        if site is not None:
            return site not in ("same-origin", "none")
        return f"{COOKIE}=" in headers.get("cookie", "") and "authorization" not in headers

    def _is_own(self, origin: str, host: str) -> bool:
        scheme, _, named = origin.partition("://")
        return named == host and (scheme == self.scheme or not self.shared)

    def _with_headers(self, send: Send) -> Send:
        safe = {"Strict-Transport-Security": _ALWAYS_HTTPS} if self.shared and self.scheme == "https" else {}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_shown = headers.get("content-type", "").startswith(_SHOWN)
                framing = await run_in_threadpool(self._framing) if is_shown else "'self'"
                headers.setdefault("Content-Security-Policy", _POLICY + framing)
                for name, value in (_HEADERS | safe).items():
                    headers.setdefault(name, value)
            await send(message)

        return sending

    def _framing(self) -> str:
        """Return who may frame a page; the tutor alone where the records cannot be read or nobody else uses it."""
        if not self.shared:
            return "'self'"
        try:
            return frame_ancestors(self.records)
        except NotReady:
            return "'self'"


def _hostname(host: str) -> str:
    """Return the name in a ``Host`` header; empty for one that names none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # an address in brackets that is none
        return ""


def _limited(receive: Receive, most: int) -> Receive:
    """Return ``receive`` that ends a body of unannounced length once it grows larger than ``most`` bytes."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise HTTPException(413, "Too large")
        return message

    return counted
