"""The source panel: a text beside the conversation, with the quoted span highlighted, or to read and search."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from tutor.errors import TutorError
from tutor.types import Heading, StoredSource
from tutor.web.actions import source_link
from tutor.web.citing import Cited, pack, read_button, tone, walk
from tutor.web.escaping import escape, label
from tutor.web.rendering import render_notice
from tutor.web.texts import Texts

SHOWN_AROUND = 60_000  # characters of a source shown before and after a quote: a browser lays out no more at once
LONG_LINE = 120  # lines this long are paragraphs of their own; shorter ones were wrapped by hand

_LINE = re.compile(r"[^\s\n][^\n]*")  # a line that shows something, from its first visible character
_LIST_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")


def render_source(
    say: Texts, stored: StoredSource, start: int, end: int, key: str = "", cited: Sequence[Cited] = ()
) -> str:
    """Return a source's text as paragraphs and headings, with ``text[start:end]`` inside ``<mark>``.

    An empty span opens it to read on from ``start``. ``cited`` are the citations of the answer that it was opened from:
    those of this text are marked too, each with its number, and buttons lead from one to the next. ``key`` is what
    `page.js` tells one opened place from another by.

    The whole text is shown unless it is very long; then as much around the span as a browser lays out well.
    """
    start, end = (min(max(at, 0), len(stored.text)) for at in (start, end))
    first, last = max(0, start - SHOWN_AROUND), min(len(stored.text), end + SHOWN_AROUND)
    spans = list(split_paragraphs(stored.text, stored.outline, first, last))
    quotes = _quotes(stored, start, end, cited)
    here = next((b for _, b in spans if b > start), -1) if start >= end else -1
    body = "".join(_paragraph(say, stored, a, b, quotes, b == here) for a, b in spans)
    path = heading_path(stored.outline, start)
    path = path[1:] if path[:1] == (stored.title,) else path
    crumbs = "".join(f"<li><bdi>{label(heading)}</bdi></li>" for heading in path)
    changed = f'<p class="notice hint">{say("newer-version")}</p>'
    before = _cut(say, stored, first, "read-before") if first > 0 else ""
    after = _cut(say, stored, last, "read-on") if last < len(stored.text) else ""
    where = f'<ol class="path" aria-label="{say("where-this-is")}">{crumbs}</ol>{source_link(say, stored, start, end)}'
    steps = walk(say, stored.course, cited, stored.name, stored.version, start, end)
    tools = f'<div class="tools">{_finder(say, start >= end)}{_contents(say, stored, first, last)}</div>'
    text = f"{changed * stored.changed}{before}{body}{after}"
    return _panel(say, key, label(stored.title), f"{where}{steps}{tools}", text, cited)


def render_source_problem(say: Texts, error: TutorError, key: str, cited: Sequence[Cited] = ()) -> str:
    """Return the source panel with what went wrong in place of the text."""
    return _panel(say, key, say("the-source"), "", render_notice(escape(say.error(error)), "error"), cited)


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


def _panel(say: Texts, key: str, title: str, below: str, text: str, cited: Sequence[Cited]) -> str:
    return (
        f'<aside class="panel" aria-label="{say("panel-of", title=title)}" data-key="{escape(key)}" '
        f'data-citations="{escape(pack(cited))}"><header><h2 dir="auto">{title}</h2>'
        f'<button type="button" class="close" data-event="close" aria-label="{say("close-source")}">'
        f'<span aria-hidden="true">×</span></button>{below}</header>'
        f'<div class="text" tabindex="0" role="region" aria-label="{say("text-of", title=title)}">{text}</div></aside>'
    )


@dataclass(frozen=True)
class _Quote:
    """A span to mark, with the number of its citation (0 for none)."""

    start: int
    end: int
    marker: int
    active: bool


def _quotes(stored: StoredSource, start: int, end: int, cited: Sequence[Cited]) -> tuple[_Quote, ...]:
    """Return what is marked in a text: the active quote first, which others never cover."""
    here = [one for one in cited if (one.source, one.version) == (stored.name, stored.version)]
    marker = next((one.marker for one in here if (one.start, one.end) == (start, end)), 0)
    others = (_Quote(one.start, one.end, one.marker, False) for one in here if (one.start, one.end) != (start, end))
    return (_Quote(start, end, marker, True), *others)


def _finder(say: Texts, is_open: bool) -> str:
    """Return the search within the text; `page.js` does it."""
    return (
        f'<details class="find"{" open" * is_open}><summary>{say("search")}</summary><div role="search">'
        f'<input type="search" class="sought" aria-label="{say("search-text")}" autocomplete="off">'
        f'<button type="button" class="step" data-event="find" data-by="-1" aria-label="{say("previous-match")}">'
        '<span aria-hidden="true">‹</span></button>'
        f'<button type="button" class="step" data-event="find" data-by="1" aria-label="{say("next-match")}">'
        '<span aria-hidden="true">›</span></button><output class="found"></output></div></details>'
    )


def _contents(say: Texts, stored: StoredSource, first: int, last: int) -> str:
    """Return the headings of the text as buttons: those that are shown are jumped to, the others opened."""
    items = []
    path: tuple[Heading, ...] = ()
    for heading in stored.outline:
        path = (*(above for above in path if above.level < heading.level), heading)
        title = f"<bdi>{label(heading.title)}</bdi>"
        if first <= heading.start < last:
            names = " › ".join(above.title for above in path if above.title != stored.title)
            to = f'data-event="jump" data-to="{_anchor(heading)}" data-path="{label(names)}"'
            button = f'<button type="button" class="jump" {to}>{title}</button>'
        else:
            button = _read_button(stored, heading.start, title, "jump")
        items.append(f'<li class="level-{min(heading.level, 4)}">{button}</li>')
    if len(items) < 2:
        return ""
    return (
        f'<details class="contents"><summary>{say("contents")}</summary>'
        f'<nav aria-label="{say("contents-of", title=label(stored.title))}">'
        f"<ol>{''.join(items)}</ol></nav></details>"
    )


def _anchor(heading: Heading) -> str:
    """Return the id of a heading: its offset in this version of the text, which nothing but another version changes."""
    return f"at-{heading.start}"


def _cut(say: Texts, stored: StoredSource, at: int, name: str) -> str:
    return f'<p class="cut">… {say("cut")} … {_read_button(stored, at, say(name), "more")}</p>'


def _read_button(stored: StoredSource, at: int, inside: str, look: str) -> str:
    return read_button(stored.course, stored.name, stored.version, at, inside, look)


def _paragraph(say: Texts, stored: StoredSource, a: int, b: int, quotes: Sequence[_Quote], is_here: bool) -> str:
    inside = "".join(_piece(say, stored.text, *piece) for piece in _pieces(a, b, quotes))
    here = " data-here" * is_here
    heading = next((heading for heading in stored.outline if heading.start == a), None)
    if heading:
        tag = f"h{min(max(heading.level, 1) + 2, 6)}"
        return f'<{tag} id="{_anchor(heading)}" tabindex="-1" dir="auto"{here}>{inside}</{tag}>'
    kind = ' class="item"' if _LIST_ITEM.match(stored.text, a) else ""
    return f'<p dir="auto"{kind}{here}{" tabindex=-1" * is_here}>{inside}</p>'


def _pieces(a: int, b: int, quotes: Sequence[_Quote]) -> Iterator[tuple[int, int, _Quote | None]]:
    """Yield ``a`` to ``b`` in pieces, each with the first of ``quotes`` that covers it."""
    near = [quote for quote in quotes if quote.start < b and quote.end > a]
    cuts = sorted({a, b, *(min(max(at, a), b) for quote in near for at in (quote.start, quote.end))})
    covered = [(x, y, next((q for q in near if q.start <= x and y <= q.end), None)) for x, y in pairwise(cuts)]
    for quote, group in groupby(covered, key=lambda piece: piece[2]):
        spans = list(group)
        yield spans[0][0], spans[-1][1], quote


def _piece(say: Texts, text: str, a: int, b: int, quote: _Quote | None) -> str:
    if quote is None:
        return escape(text[a:b])
    number = ""
    if quote.marker and a == quote.start:
        said = f'<span class="unseen">{say("citation-number")} </span>{quote.marker}'
        number = f'<span class="at {tone(quote.marker)}">{said}</span>'
    look = " ".join(filter(None, (tone(quote.marker), "active" * quote.active)))
    return f'{number}<mark class="{look}"{" tabindex=-1" * quote.active}>{escape(text[a:b])}</mark>'
