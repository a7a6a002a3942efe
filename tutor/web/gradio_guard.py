"""The guard before Gradio in shared mode: what the page needs of it and nothing else, and only for who is signed in.

Gradio knows no learners. Whoever has the name that it gave to a page (its session hash) could hear, stop and repeat
what goes on there; so such a name belongs to the first learner who uses it.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict, defaultdict

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from tutor.errors import Forbidden, InputError, Unauthorised
from tutor.tutor import Tutor
from tutor.visitor import Visitor, Whose
from tutor.web.access import signed_in_of
from tutor.web.signed_out import signed_out_page

MOST_PAGES = 50  # open pages of one learner whose names are kept; the oldest one goes first

_SAME_FOR_ALL = re.compile(r"/(?:assets|static)/.+|/theme\.css")  # style and script of Gradio's own
_OPEN = {("GET", "/"), ("HEAD", "/"), ("GET", "/config")}
_SENT = {("POST", "/gradio_api/queue/join"), ("POST", "/gradio_api/run/predict")}
_HEARD = ("GET", "/gradio_api/queue/data")
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)


class GradioGuard:
    """Passes on to Gradio what it may serve; anything else gets a problem document, or the way to sign in."""

    def __init__(self, app: ASGIApp, tutor: Tutor) -> None:
        self.app, self.tutor, self.owners = app, tutor, Owners()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raises `HTTPException`, `Unauthorised`, `Forbidden` or `InputError` for a refused one."""
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        request = Request(scope, receive)
        asked = (request.method, scope["path"])
        if request.method in ("GET", "HEAD") and _SAME_FOR_ALL.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        if asked not in _OPEN | _SENT | {_HEARD}:
            raise HTTPException(404)
        signed_in = await run_in_threadpool(signed_in_of, self.tutor, request)
        if signed_in is None:
            if scope["path"] != "/":
                raise Unauthorised("You are not signed in. Open the tutor from your course.", "not-signed-in")
            await signed_out_page(self.tutor, request)(scope, receive, send)
            return
        if asked == _HEARD:
            self.owners.check(_name(request.query_params.getlist("session_hash")), signed_in.visitor)
        elif asked in _SENT:
            body = await request.body()
            self.owners.check(_name([_named(body)]), signed_in.visitor)
            receive = _again(body, receive)
        await self.app(scope, receive, send)


class Owners:
    """Whose each open page is, by the name that Gradio gave to it."""

    def __init__(self) -> None:
        self._owners: dict[str, Whose] = {}
        self._pages: defaultdict[Whose, OrderedDict[str, None]] = defaultdict(OrderedDict)  # the latest one last

    def check(self, page: str, visitor: Visitor) -> None:
        """Make ``page`` the visitor's where it is nobody's yet; raises `Forbidden` where it is somebody else's."""
        me = visitor.whose
        if self._owners.setdefault(page, me) != me:
            raise Forbidden("This page was opened by somebody else. Load it anew.", "not-your-page")
        pages = self._pages[me]
        pages[page] = None
        pages.move_to_end(page)
        if len(pages) > MOST_PAGES:
            del self._owners[pages.popitem(last=False)[0]]


def _named(body: bytes) -> object:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return sent.get("session_hash") if isinstance(sent, dict) else None


def _name(given: list[object] | list[str]) -> str:
    """Return the one name of a page that was given; raises `InputError` for none, several or something else."""
    if len(given) != 1 or not isinstance(given[0], str) or not _NAME.fullmatch(given[0]):
        raise InputError("The request does not say which page it comes from. Load the page anew.")
    return given[0]


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives ``body`` once more, and then what ``receive`` still has."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return left.pop() if left else await receive()

    return received
