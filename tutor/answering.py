"""Answering: evidence to an answer in the source's own words, or to a refusal.

The built-in answerer quotes. It joins one to three sentences of the course, each followed by its marker; the words
are cut from the stored text by their span, so a quotation cannot be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tutor.errors import Conflict
from tutor.prompts import load_prompt
from tutor.types import Candidate, Citation, Claim, Evidence, RefusalReason

StoredText = Callable[[str, str], str]
"""Returns the stored text of a source (name, version)."""

_END = re.compile(r"[.!?。！？]$")
_FOOTNOTE = re.compile(r"\s*\[\d{1,3}\]")


@dataclass(frozen=True)
class Draft:
    """An answer before it is stored: its text with markers, claims, citations, and the prompts that it used."""

    text: str
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Citation, ...] = ()
    reason: RefusalReason | None = None
    prompts: tuple[str, ...] = ()


def quote(course: str, evidence: Evidence, stored: StoredText) -> Draft:
    """Return the chosen sentences as an answer, each with its marker; raises `Conflict` if the index is out of step."""
    claims, citations, pieces = [], [], []
    for marker, candidate in enumerate(evidence.chosen, start=1):
        citation = cite(course, candidate, stored, marker)
        words = " ".join(_FOOTNOTE.sub("", citation.quote).split())  # a source's own [1] would pass for a marker
        end = words[-1] if _END.search(words) else "."
        body = words[:-1] if _END.search(words) else words
        pieces.append(f"{body} [{marker}]{end}")
        claims.append(Claim(text=body, citations=(marker,), support="quoted"))
        citations.append(citation)
    return Draft(" ".join(pieces), tuple(claims), tuple(citations))


def refuse(course: str, title: str, reason: RefusalReason, nearest: Sequence[Candidate], stored: StoredText) -> Draft:
    """Return a refusal that shows where the course comes near."""
    prompt = load_prompt("refusals")
    shown = () if reason in ("unsafe", "unclear") else tuple(cite(course, c, stored, 0) for c in nearest)
    return Draft(prompt.fill(reason, course=title), nearest=shown, reason=reason, prompts=(prompt.stamp,))


def cite(course: str, candidate: Candidate, stored: StoredText, marker: int) -> Citation:
    """Return a sentence as a citation whose quote is cut from the stored text."""
    start, end = candidate.sentence.start, candidate.sentence.end
    words = stored(candidate.source, candidate.version)[start:end]
    if words != candidate.text:
        raise Conflict(f"The index of {course!r} is out of step with its texts. Ingest the course again.")
    section = candidate.sentence.section
    return Citation(
        marker=marker,
        course=course,
        source=candidate.source,
        title=candidate.title,
        section=" › ".join(section[1:] if section[:1] == (candidate.title,) else section) or None,
        page=candidate.sentence.page,
        version=candidate.version,
        quote=words,
        start=start,
        end=end,
    )


def pieces(text: str, words: int = 4) -> list[str]:
    """Return ``text`` in pieces of a few words, as it is streamed; joined they are the text."""
    tokens = re.findall(r"\s*\S+\s*|\s+", text)
    return ["".join(tokens[at : at + words]) for at in range(0, len(tokens), words)]
