"""Framing: which sites may show the tutor inside a page of theirs, namely the registered LMS platforms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from sqlalchemy import select

from tutor.records import Platform, Records

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")  # a policy has no other signs in it


def frame_ancestors(records: Records) -> str:
    """Return the sources that may frame a page: the tutor's own, and those of each platform as it is registered now."""
    with records.read() as session:
        rows = session.execute(select(Platform.issuer, Platform.auth_login_url)).all()
    return " ".join(["'self'", *sorted(_origins(url for row in rows for url in row))])


def _origins(urls: Iterable[str]) -> set[str]:
    found = set()
    for url in urls:
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        if _ORIGIN.fullmatch(origin):
            found.add(origin)
    return found
