"""Access: who makes a request, and the tutor as it is for them. Nothing else decides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from tutor.errors import Unauthorised
from tutor.keys import looks_like_key
from tutor.sign_ins import SignedIn
from tutor.tutor import Tutor
from tutor.visitor import OWNER, Scope, Visitor

COOKIE = "tutor"  # of a browser that is signed in; `__Host-` goes before it where the address is https
_KEYS = {"key", "api_key", "apikey", "api-key", "access_token", "token"}  # what parameters that hold one are called


# This only describes how to call: `visitor_of` reads the header.
BEARER = HTTPBearer(auto_error=False, description="An API key, as `tutor keys create` prints it.")


def visitor_of(tutor: Tutor, request: HTTPConnection) -> Visitor:
    """Return who makes a request: a key's visitor, else whoever runs the tutor in personal mode, else a sign-in's.

    Raises `Unauthorised` where nobody said who asks, or it is not true.
    """
    key, personal = key_of(request), tutor.settings.mode == "personal"
    any_word = personal and request.url.path.startswith("/v1/")  # OpenAI's clients cannot do without a key
    if key and not (any_word and not looks_like_key(key)):
        return tutor.keys.visitor(key)
    if personal:
        return OWNER
    signed_in = signed_in_of(tutor, request)
    if signed_in is None:
        raise Unauthorised("You are not signed in. Open the tutor from your course, or send a key.", "not-signed-in")
    return signed_in.visitor


def key_of(request: HTTPConnection) -> str | None:
    """Return the API key that a request shows, None where it shows none.

    Raises `Unauthorised` where its ``Authorization`` holds something else.
    """
    given = request.headers.getlist("authorization")
    if not given:
        return None
    scheme, _, key = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not key.strip():
        raise Unauthorised("The tutor takes API keys only. Send one header: Authorization: Bearer YOUR_KEY.")
    return key.strip()


def has_key_in_query(path: str, query: str) -> bool:
    """Return whether a key stands in a query string, where every server on the way would log it."""
    given = parse_qsl(query, keep_blank_values=True, errors="replace")
    names = {name.lower() for name, _ in given} if path.startswith(("/api/", "/v1/")) else set()
    return bool(names & _KEYS) or any(looks_like_key(part) for pair in given for part in pair)


def signed_in_of(tutor: Tutor, request: HTTPConnection) -> SignedIn | None:
    """Return who is signed in with the browser that makes a request."""
    secret = request.cookies.get(cookie_name(tutor))
    return tutor.sign_ins.find(secret) if secret else None


def is_https(tutor: Tutor) -> bool:
    """Return whether the tutor's public address is https."""
    return tutor.settings.base_url.startswith("https://")


def folder(tutor: Tutor) -> str:
    """Return the path under which the tutor's public address has everything, mostly none."""
    return urlsplit(tutor.settings.base_url).path.rstrip("/")


def cookie_name(tutor: Tutor, name: str = COOKIE) -> str:
    """Return what a cookie is called: as no other host can set it, where the address is https."""
    return f"__Host-{name}" if is_https(tutor) else name


def set_cookie(response: Response, tutor: Tutor, name: str, value: str, seconds: int) -> None:
    """Set a cookie that a frame in another site's page gets too, of its own for each such site, where https allows."""
    reach = "Secure; SameSite=None; Partitioned" if is_https(tutor) else "SameSite=Lax"
    response.headers.append("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; Max-Age={seconds}; {reach}")


def serving(scope: Scope) -> Callable[[Request], Tutor]:
    """Return a dependency that gives the tutor as it is for who asks, and counts the call.

    It raises `Forbidden` without ``scope``, `TooMany` above their limit.
    """

    def served(request: Request) -> Tutor:
        tutor: Tutor = request.app.state.tutor
        visitor = visitor_of(tutor, request)
        request.state.tenant = visitor.tenant  # for the log
        tutor.limits.count_call(visitor)
        visitor.check(scope)
        return tutor.visited_by(visitor)

    return served


Asking = Annotated[Tutor, Depends(serving("ask"))]
Reading = Annotated[Tutor, Depends(serving("read"))]
Writing = Annotated[Tutor, Depends(serving("write"))]
Administering = Annotated[Tutor, Depends(serving("admin"))]


def acting(tutor: Tutor, learner: str | None) -> Tutor:
    """Return the tutor as it is for ``learner``, where whoever asks may ask for them; raises `Forbidden`, `TooMany`."""
    theirs = tutor.visitor.acting_for(learner)
    if theirs is not tutor.visitor:
        tutor.limits.count_learner(theirs)
    return tutor.visited_by(theirs)
