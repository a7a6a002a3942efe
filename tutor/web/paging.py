"""Paging: lists a part at a time by opaque cursors, and what has not changed sent once."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from fastapi import Header, Query, Request, Response

from tutor.errors import InputError
from tutor.tutor import Tutor
from tutor.types import ConversationInfo

MOST = 200
_NO_CURSOR = "This is not a cursor of this list. Take it from the Link header, or leave it out."
T = TypeVar("T")

Cursor = Annotated[
    str | None, Query(max_length=512, description="Where the next part begins, as the `Link` header gives it.")
]
Limit = Annotated[
    int | None, Query(ge=1, le=MOST, description="How many to return at most; `Link` then leads to the next ones.")
]
IfNoneMatch = Annotated[str | None, Header(description="The `ETag` of what is held already.")]
LINK = {"Link": {"description": '`<…>; rel="next"` while there are more.', "schema": {"type": "string"}}}
NOT_MODIFIED = {"description": "What is held already is still right."}
ETAG = {"ETag": {"description": "For `If-None-Match`.", "schema": {"type": "string"}}}


def encode(*place: str | float) -> str:
    """Return a cursor that marks this place."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> Sequence[Any]:
    """Return the place that a cursor marks, of values of these kinds; raises `InputError` for one that is none."""
    try:
        place = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        place = None
    if not isinstance(place, list) or [type(value) for value in place] != list(kinds):
        raise InputError(_NO_CURSOR)
    return place


def page(
    items: Sequence[T],
    name: Callable[[T], str],
    request: Request,
    response: Response,
    cursor: str | None,
    limit: int | None,
) -> tuple[T, ...]:
    """Return the items after ``cursor``, at most ``limit``, all without one; ``response`` links to the next ones.

    An item that the cursor stands at and that is gone since is passed over.
    """  # fmt: skip
    begin = 0
    if cursor:
        begin, last = decode(cursor, int, str)
        begin = next((place + 1 for place, item in enumerate(items) if name(item) == last), max(0, begin))
    end = len(items) if limit is None else begin + limit
    if end < len(items):
        link(request, response, encode(end, name(items[end - 1])))
    return tuple(items[begin:end])


def page_of_conversations(
    tutor: Tutor, course: str | None, request: Request, response: Response, cursor: str | None, limit: int
) -> tuple[ConversationInfo, ...]:
    """Return the visitor's conversations after ``cursor``, at most ``limit``; ``response`` links to the next ones."""
    after = None
    if cursor:
        when, id = decode(cursor, float, str)
        try:
            after = (datetime.fromtimestamp(when, UTC), id)
        except (ValueError, OverflowError, OSError):
            raise InputError(_NO_CURSOR) from None
    found = tutor.conversations(course, after=after, most=limit + 1)
    if len(found) > limit:
        last = found[limit - 1]
        link(request, response, encode(last.updated_at.timestamp(), last.id))
    return found[:limit]


def link(request: Request, response: Response, cursor: str) -> None:
    """Make ``response`` lead to what follows at ``cursor``."""
    url = request.url.include_query_params(cursor=cursor)
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'


def tag(*said: str) -> str:
    """Return an entity tag of what is told."""
    return f'"{sha256(json.dumps(said).encode(errors="surrogatepass")).hexdigest()}"'


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Return whether whoever asks holds what ``tag`` names (RFC 9110: a weak comparison)."""
    held = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return tag in held or held == ["*"]


def validated(tag: str) -> dict[str, str]:
    """Return the headers of what can be asked for again by its tag."""
    return {"ETag": tag, "Cache-Control": "private, no-cache"}


def unchanged(tag: str) -> Response:
    """Return that what is held is still right."""
    return Response(status_code=304, headers=validated(tag))
