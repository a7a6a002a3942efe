"""Citing: the buttons that open a source at a quote, and what the source panel has to know of an answer's citations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from tutor.types import Citation
from tutor.web.escaping import escape, label
from tutor.web.texts import Texts

TONES = 4  # colours of citations, each with its own line: a fifth citation begins again with the first
MOST = 100  # citations of one answer that the panel marks


@dataclass(frozen=True)
class Cited:
    """One citation of an answer: the span of a source's stored text, and the number that the answer gives it."""

    marker: int
    source: str
    version: str
    start: int
    end: int


_CITED = TypeAdapter(tuple[Cited, ...])


def pack(cited: Sequence[Citation | Cited]) -> str:
    """Return the citations of one answer as the value of an attribute, which `unpack` reads."""
    return json.dumps([asdict(_cited(one)) for one in cited], separators=(",", ":"))


def unpack(packed: object) -> tuple[Cited, ...]:
    """Return the citations that ``packed`` holds: none where it is nothing that `pack` made."""
    try:
        return _CITED.validate_json(packed)[:MOST] if isinstance(packed, str) else ()
    except ValidationError:
        return ()


def tone(marker: int) -> str:
    """Return the class of a citation's colour and line; nothing for one that has no number."""
    return f"tone-{(marker - 1) % TONES + 1}" if marker > 0 else ""


def place(say: Texts, citation: Citation) -> str:
    """Return the innermost heading above a quote (the title where there is none) and its page, escaped."""
    heading = (citation.section or "").split(" › ")[-1] or citation.title
    if citation.page is None:
        return label(heading)
    return say("place-on-page", heading=label(heading), page=str(citation.page))


def cite_button(citation: Citation, inside: str, look: str, name: str = "", more: str = "") -> str:
    """Return a button that opens the citation's source; ``inside``, ``name`` and ``more`` (attributes) are HTML."""
    return open_button(citation.course, _cited(citation), inside, look, name, more)


def open_button(course: str, cited: Cited, inside: str, look: str, name: str = "", more: str = "") -> str:
    """Return a button that opens the source of ``cited``, as `cite_button` does."""
    named = f' aria-label="{name}"' if name else ""
    return (
        f'<button type="button" class="{look}" data-event="cite" data-course="{escape(course)}" '
        f'data-source="{escape(cited.source)}" data-version="{escape(cited.version)}" '
        f'data-start="{cited.start}" data-end="{cited.end}"{more}{named}>{inside}</button>'
    )


def read_button(course: str, source: str, version: str, at: int, inside: str, look: str, name: str = "") -> str:
    """Return a button that opens a source to be read on from ``at``, as `cite_button` does."""
    return open_button(course, Cited(0, source, version, at, at), inside, look, name)


def walk(say: Texts, course: str, cited: Sequence[Cited], source: str, version: str, start: int, end: int) -> str:
    """Return the buttons that lead from one citation of an answer to the next, with the place among them."""
    spans = [(one.source, one.version, one.start, one.end) for one in cited]
    if len(cited) < 2 or (source, version, start, end) not in spans:
        return ""
    at = spans.index((source, version, start, end))

    def button(to: int, step: str, arrow: str) -> str:
        more = f' data-step="{step}" aria-describedby="walked"{"" if 0 <= to < len(cited) else " disabled"}'
        inside = f'<span aria-hidden="true">{arrow}</span>'
        name = say(f"{step}-citation")
        return open_button(course, cited[min(max(to, 0), len(cited) - 1)], inside, "step", name, more)

    return (
        f'<nav class="walk" aria-label="{say("citations-of-answer")}">{button(at - 1, "previous", "‹")}'
        f'<span id="walked">{say("place-among", at=at + 1, count=len(cited))}</span>{button(at + 1, "next", "›")}</nav>'
    )


def _cited(one: Citation | Cited) -> Cited:
    return Cited(one.marker, one.source, one.version, one.start, one.end)
