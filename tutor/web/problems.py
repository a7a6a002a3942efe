"""Problem details: every error of the HTTP API in the form of RFC 9457, in one place."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tutor.errors import NotReady, TooMany, TutorError, Unauthorised
from tutor.types import Model
from tutor.web.texts import reader

MEDIA_TYPE = "application/problem+json"


class Problem(Model):
    """An error as RFC 9457 has it; ``detail`` says what was wrong and what to do.

    ``request_id`` finds the request in the server's log, and ``instance`` is the same as a URI.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str = ""
    request_id: str = ""


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a problem document as a response."""
    return JSONResponse(_problem(status, title, detail).model_dump(), status, headers, media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """Return what a failure is to a caller; one that nobody expected tells nothing of the inside."""
    if isinstance(error, TutorError):
        return _problem(error.status, error.title, str(error))
    return _problem(500, "Something went wrong", "The tutor failed. Try again; its log says more.")


def _problem(status: int, title: str, detail: str) -> Problem:
    id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    instance = f"urn:request:{id}" if id else ""
    return Problem(title=title, status=status, detail=detail, instance=instance, request_id=id)


def what_is_wrong(error: RequestValidationError) -> str:
    """Return which parts of a request cannot be used, and why."""
    wrong = "; ".join(f"{_place(e)}: {e['msg'].lower()}" for e in error.errors())
    return f"{wrong}. Correct the request."


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the problems with these statuses."""
    return {
        status: {"description": "Problem details (RFC 9457).", "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in statuses
    }


def told(request: Request, error: TutorError) -> JSONResponse:
    """Return an expected failure as a response, in the language of whoever asks."""
    say = reader(request)
    detail = str(error) if say.language == "en" else say.error(error)
    return problem(error.status, error.title, detail, {"Content-Language": say.language} | headers_of(request, error))


_SCHEMA = Problem.model_json_schema()


def add_problem_handlers(app: FastAPI) -> None:
    """Make every expected failure of ``app`` a problem document; `Observing` does so with the others."""

    @app.exception_handler(TutorError)
    async def expected(request: Request, error: TutorError) -> JSONResponse:
        return told(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, "The request cannot be used", what_is_wrong(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        known = {
            400: ("The request cannot be used", "The body is not JSON that can be read. Correct the request."),
            404: ("Not found", "There is nothing at this address. See /api/openapi.json for what there is."),
            405: ("Method not allowed", f"This address takes only {headers.get('Allow', 'other methods')}. Use that."),
            413: ("Too large", "The request is larger than the tutor takes. Send less."),
        }
        title, detail = known.get(error.status_code, (str(error.detail), str(error.detail)))
        return problem(error.status_code, title, detail, headers)


def headers_of(request: Request, error: TutorError) -> dict[str, str]:
    """Return what RFC 9110 and RFC 6750 have a failure say beside its problem document."""
    match error:
        case NotReady():
            return {"Retry-After": "5"}
        case TooMany():
            return {"Retry-After": str(error.seconds)}
        case Unauthorised():
            wrong = ', error="invalid_token"' if "authorization" in request.headers else ""
            return {"WWW-Authenticate": f'Bearer realm="tutor"{wrong}'}
        case _:
            return {}


def _place(error: dict[str, Any]) -> str:
    """Return which part of the request is wrong; in a body that is no JSON there are no parts, only a position."""
    where, *inside = map(str, error["loc"])
    return where if error["type"] == "json_invalid" else ".".join(inside) or where
