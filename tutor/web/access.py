"""Access: who makes a request, and the tutor as it is for them. Nothing else decides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection
from starlette.responses import Response

from tutor.errors import Unauthorised
from tutor.sign_ins import SignedIn
from tutor.tutor import Tutor
from tutor.visitor import OWNER, Scope, Visitor

COOKIE = "tutor"  # of a browser that is signed in; `__Host-` goes before it where the address is https


def visitor_of(tutor: Tutor, request: HTTPConnection) -> Visitor:
    """Return who makes a request: whoever runs the tutor in personal mode, else a key's or a sign-in's visitor.

    Raises `Unauthorised` where nobody said who asks, or it is not true.
    """
    if tutor.settings.mode == "personal":
        return OWNER
    signed_in = signed_in_of(tutor, request)
    if signed_in is None:
        raise Unauthorised("You are not signed in. Open the tutor from your course, or send a key.", "not-signed-in")
    return signed_in.visitor


def signed_in_of(tutor: Tutor, request: HTTPConnection) -> SignedIn | None:
    """Return who is signed in with the browser that makes a request."""
    secret = request.cookies.get(cookie_name(tutor))
    return tutor.sign_ins.find(secret) if secret else None


def cookie_name(tutor: Tutor) -> str:
    """Return the name of the cookie: one that no other host can set, where the address is https."""
    return f"__Host-{COOKIE}" if tutor.settings.base_url.startswith("https://") else COOKIE


def set_cookie(response: Response, tutor: Tutor, name: str, value: str, seconds: int) -> None:
    """Set a cookie that a frame in another site's page gets too, of its own for each such site, where https allows."""
    secure = tutor.settings.base_url.startswith("https://")
    reach = "Secure; SameSite=None; Partitioned" if secure else "SameSite=Lax"
    response.headers.append("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; Max-Age={seconds}; {reach}")


def serving(scope: Scope) -> Callable[[Request], Tutor]:
    """Return a dependency that gives the tutor as it is for who asks; raises `Forbidden` without ``scope``."""

    def served(request: Request) -> Tutor:
        tutor: Tutor = request.app.state.tutor
        visitor = visitor_of(tutor, request)
        visitor.check(scope)
        return tutor.visited_by(visitor)

    return served


Asking = Annotated[Tutor, Depends(serving("ask"))]
Reading = Annotated[Tutor, Depends(serving("read"))]
Writing = Annotated[Tutor, Depends(serving("write"))]
Administering = Annotated[Tutor, Depends(serving("admin"))]


def acting(tutor: Tutor, learner: str | None) -> Tutor:
    """Return the tutor as it is for ``learner``, where whoever asks may ask for them; raises `Forbidden`."""
    return tutor.visited_by(tutor.visitor.acting_for(learner))
