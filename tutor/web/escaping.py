"""Escaping: the words that every piece of HTML is made of."""

from __future__ import annotations

from html import escape as _escape

from tutor.words import DIRECTION, UNSHOWABLE

LONGEST_OPTION = 120  # a browser takes minutes to lay out a list with a line of ten thousand letters


def escape(text: str) -> str:
    """Return ``text`` as HTML that shows those characters; a control becomes a space or U+FFFD, one for one."""
    return _escape(UNSHOWABLE.sub(lambda found: " " if found.group().isspace() else "\ufffd", text), quote=True)


def option(text: str) -> str:
    """Return ``text`` as one of Gradio's choices: on one line, without direction marks, cut where it is very long."""
    line = " ".join(DIRECTION.sub("", UNSHOWABLE.sub(" ", text)).split())
    return line if len(line) <= LONGEST_OPTION else f"{line[:LONGEST_OPTION]}…"


def label(text: str) -> str:
    """Return ``text`` on one line and without direction marks, for a name, a title or an attribute."""
    return escape(" ".join(DIRECTION.sub("", text).split()))
