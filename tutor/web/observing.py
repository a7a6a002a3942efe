"""Observing: an id for each request, one line of JSON for each in the log, numbers for Prometheus.

Nothing of what anybody said is in any of them: no message, query, key or learner, only the route and what became of it.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from fastapi import APIRouter, Request, Response, Security
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tutor.limits import Limits
from tutor.types import Answer
from tutor.web.access import BEARER, Administering
from tutor.web.events import Streams
from tutor.web.problems import MEDIA_TYPE, documented, problem_of

log = logging.getLogger("tutor.requests")
router = APIRouter(responses=documented(400, 401, 403, 429, 503), dependencies=[Security(BEARER)])

HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60)
_FIELDS = ("method", "route", "status", "ms", "tenant")
_OURS = ("/api", "/v1/", "/lti/", "/healthz", "/readyz", "/metrics")
_NOWHERE = ("/api", "/api/{rest:path}", "/v1/{rest:path}")
_PAGE = "page"  # the route of all that the chat page is made of


class Numbers:
    """What one server counts, in a registry of its own."""

    def __init__(self, streams: Streams, limits: Limits) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tutor_requests", "Requests by route and status.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "tutor_request_seconds", "Time to the end of the response.", ["route"],
            registry=self.registry, buckets=_SECONDS,
        )  # fmt: skip
        self.answers = Counter(
            "tutor_answers", "Answers by what became of the question.", ["outcome", "reason"], registry=self.registry
        )
        self.fallbacks = Counter(
            "tutor_fallbacks", "Answers without the chat model that is set, by why.", ["why"], registry=self.registry
        )
        self.answer_seconds = Histogram(
            "tutor_answer_seconds", "Time from a question to its answer.", registry=self.registry, buckets=_SECONDS
        )
        streaming = Gauge("tutor_streams_running", "Streamed answers under way.", registry=self.registry)
        streaming.set_function(lambda: streams.running)
        inside = Gauge("tutor_answers_under_way", "Answers that are made or wait.", registry=self.registry)
        inside.set_function(lambda: limits.inside)

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers.labels("refused" if answer.refused else "answered", answer.reason or "").inc()
        self.answer_seconds.observe(answer.timings_ms.total / 1000)
        if answer.fallback:
            self.fallbacks.labels(answer.fallback).inc()


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "In the text format of Prometheus.", "content": {"text/plain": {}}}},
    summary="Numbers for Prometheus",
)
def metrics(tutor: Administering, request: Request) -> Response:
    """Return what was counted since the server started; in shared mode for a key of scope ``admin`` only."""
    return Response(generate_latest(request.app.state.numbers.registry), media_type=CONTENT_TYPE_LATEST)


class Observing:
    """Gives each request its id, and tells the log and Prometheus what became of it."""

    def __init__(self, app: ASGIApp, numbers: Numbers) -> None:
        self.app, self.numbers = app, numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(HEADER.lower(), "")
        id = sent if _SANE.fullmatch(sent) else uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=id)
        status, started = 0, perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = id
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._tell(scope, status, perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id")

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _route(scope)
        self.numbers.requests.labels(method, route, status or "none").inc()
        self.numbers.seconds.labels(route).observe(seconds)
        if route != _PAGE or status >= 500:
            tenant = scope.get("state", {}).get("tenant")
            told = (method, route, status, round(seconds * 1000), tenant)
            log.info("request", extra=dict(zip(_FIELDS, told, strict=True)))


class Catching:
    """Answers what nobody expected with a problem document that tells nothing of it; the log does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raises where the response has begun, so that it is cut off."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            log.error("unexpected error", exc_info=error)
            told = problem_of(error)
            await JSONResponse(told.model_dump(), told.status, media_type=MEDIA_TYPE)(scope, receive, send)


def _route(scope: Scope) -> str:
    """Return the template of the route that answered; never the address itself, which may name a learner."""
    path = str(getattr(scope.get("route"), "path", ""))
    if path.startswith(_OURS) and path not in _NOWHERE:
        return path
    return "none" if scope["path"].startswith(_OURS) else _PAGE


def log_to_stderr() -> None:
    """Make every line that the program logs one line of JSON on standard error, for as long as it runs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ExtraAdder(_FIELDS),
                _where_it_failed,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("tutor").setLevel(logging.INFO)


def _where_it_failed(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the kind of an exception and its lines in the place of itself: its message may quote what somebody wrote."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["trace"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    return event
