"""The source panel: the cited text beside the conversation, with the quoted span highlighted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tutor.types import Heading, StoredSource
from tutor.web.actions import source_link
from tutor.web.escaping import escape, label
from tutor.web.rendering import render_notice

SHOWN_AROUND = 60_000  # characters of a source shown before and after a quote: a browser lays out no more at once
LONG_LINE = 120  # lines this long are paragraphs of their own; shorter ones were wrapped by hand

_LINE = re.compile(r"[^\s\n][^\n]*")  # a line that shows something, from its first visible character
_LIST_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")


def source_key(course: str, name: str, version: str, start: int, end: int) -> str:
    """Return what tells one opened citation from another; `page.js` makes the same of a button's ``data-``."""
    return f"{course}/{name}@{version}:{start}-{end}"


def render_source(stored: StoredSource, start: int, end: int) -> str:
    """Return a source's text as paragraphs and headings, with ``text[start:end]`` inside ``<mark>``.

    The whole text is shown unless it is very long; then as much around the span as a browser lays out well.
    """
    start, end = (min(max(at, 0), len(stored.text)) for at in (start, end))
    first, last = max(0, start - SHOWN_AROUND), min(len(stored.text), end + SHOWN_AROUND)
    spans = split_paragraphs(stored.text, stored.outline, first, last)
    body = "".join(_paragraph(stored, a, b, start, end) for a, b in spans)
    path = heading_path(stored.outline, start)
    path = path[1:] if path[:1] == (stored.title,) else path
    crumbs = "".join(f"<li><bdi>{label(heading)}</bdi></li>" for heading in path)
    changed = '<p class="notice hint">The course has a newer version of this text. This is the one that was quoted.</p>'
    cut = '<p class="cut">… this text is long, and only the part around the quote is shown …</p>'
    key = source_key(stored.course, stored.name, stored.version, start, end)
    text = f"{changed * stored.changed}{cut * (first > 0)}{body}{cut * (last < len(stored.text))}"
    above = f'<ol class="path" aria-label="Where this is">{crumbs}</ol>{source_link(stored, start, end)}'
    return _panel(key, label(stored.title), above, text)


def render_source_problem(message: str, key: str) -> str:
    """Return the source panel with a ``message`` in place of the text."""
    return _panel(key, "The source", "", render_notice(message, "error"))


def heading_path(outline: Sequence[Heading], position: int) -> tuple[str, ...]:
    """Return the headings above ``position``, outermost first."""
    path: list[Heading] = []
    for heading in outline:
        if heading.start > position:
            break
        path = [*(above for above in path if above.level < heading.level), heading]
    return tuple(heading.title for heading in path)


def split_paragraphs(text: str, outline: Sequence[Heading], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of ``text[first:last]`` that read as one heading, paragraph or list item each.

    Blank lines are left out. A single line break ends a paragraph where it was meant to: around headings and long
    lines, and before list items.
    """
    headings = {heading.start for heading in outline}
    opened = closed = -1
    before = ""
    for line in _LINE.finditer(text, first, last):
        here, start = line.group(), line.start()
        if opened >= 0 and (
            start - closed > 1
            or {opened, start} & headings
            or _LIST_ITEM.match(here)
            or max(len(before), len(here)) > LONG_LINE
        ):
            yield opened, closed
            opened = -1
        opened = start if opened < 0 else opened
        closed, before = line.end(), here
    if opened >= 0:
        yield opened, closed


def _panel(key: str, title: str, path: str, text: str) -> str:
    return (
        f'<aside class="panel" aria-label="Source: {title}" data-key="{escape(key)}">'
        f'<header><h2 dir="auto">{title}</h2>'
        '<button type="button" class="close" data-event="close" aria-label="Close the source">'
        f'<span aria-hidden="true">×</span></button>{path}</header>'
        f'<div class="text" tabindex="0" role="region" aria-label="Text of {title}">{text}</div></aside>'
    )


def _paragraph(stored: StoredSource, a: int, b: int, start: int, end: int) -> str:
    text = stored.text
    from_, to = max(a, start), min(b, end)
    inside = escape(text[a:b])
    if from_ < to:
        marked = f'<mark tabindex="-1">{escape(text[from_:to])}</mark>'
        inside = f"{escape(text[a:from_])}{marked}{escape(text[to:b])}"
    level = next((heading.level for heading in stored.outline if heading.start == a), 0)
    if level:
        return f'<h{min(level + 2, 6)} dir="auto">{inside}</h{min(level + 2, 6)}>'
    kind = ' class="item"' if _LIST_ITEM.match(text, a) else ""
    return f'<p dir="auto"{kind}>{inside}</p>'
