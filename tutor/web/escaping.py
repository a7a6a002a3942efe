"""Escaping: the words that every piece of HTML is made of."""

from __future__ import annotations

from html import escape as _escape

from tutor.words import DIRECTION, UNSHOWABLE


def escape(text: str) -> str:
    """Return ``text`` as HTML that shows those characters; a control becomes a space or U+FFFD, one for one."""
    return _escape(UNSHOWABLE.sub(lambda found: " " if found.group().isspace() else "\ufffd", text), quote=True)


def label(text: str) -> str:
    """Return ``text`` on one line and without direction marks, for a name, a title or an attribute."""
    return escape(" ".join(DIRECTION.sub("", text).split()))
