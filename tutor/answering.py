"""Answering: evidence to an answer in the source's own words, or to a refusal.

The built-in answerer quotes. It joins one to three sentences of the course, each followed by its marker; the words
are cut from the stored text by their span, so a quotation cannot be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tutor.courtesy import Courtesy
from tutor.errors import Conflict
from tutor.prompts import Prompt, load_prompt
from tutor.types import Answer, Candidate, Citation, Claim, Dropped, Evidence, Fallback, RefusalReason

StoredText = Callable[[str, str], str]
"""Returns the stored text of a source (name, version)."""

_END = re.compile(r"[.!?。！？]$")
_CLOSED = re.compile(r"[.!?。！？…][\"”’'»)\]]+$")
_OPENING = re.compile(
    r"(?:(?:however|so|thus|therefore|moreover|furthermore|in addition|instead|also|nevertheless|nonetheless|meanwhile"
    r"|still|for example|for instance|in fact|indeed|of course|as a result|consequently|then|besides|similarly"
    r"|likewise|on the other hand|in contrast|additionally),|but|and|yet)\s+(?=\S)",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(r"\s*\[\d{1,3}\]")


@dataclass(frozen=True)
class Draft:
    """An answer before it is stored: its text with markers, claims, citations, and the prompts that it used."""

    text: str
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Citation, ...] = ()
    reason: RefusalReason | None = None
    prompts: tuple[Prompt, ...] = ()
    answerer: str = "quotes"
    dropped: tuple[Dropped, ...] = ()
    fallback: Fallback | None = None


def quote(course: str, evidence: Evidence, stored: StoredText, leads: Prompt, abroad: bool = False) -> Draft:
    """Return the chosen sentences as an answer, each with its marker; raises `Conflict` if the index is out of step.

    ``leads`` are the tutor's own words, ``abroad`` says that they are in another language than the course.
    """
    claims: list[Claim] = []
    citations: list[Citation] = []
    needed = [("disagree", evidence.disagree), ("in_course_language", abroad)]
    pieces = [leads.fill(section) for section, is_needed in needed if is_needed]
    used = (leads,) if pieces else ()
    for marker, candidate in enumerate(evidence.chosen, start=1):
        citation = cite(course, candidate, stored, marker)
        if not _follows(citation, citations[-1:], stored):
            citation = _without_opening(citation)
        words = without_footnotes(citation.quote)
        if citation.start > candidate.sentence.start:
            words = words[:1].upper() + words[1:]
        body, end = ended(words)
        pieces.append(f"{body} [{marker}]{end}")
        claims.append(Claim(text=body, citations=(marker,), support="quoted"))
        citations.append(citation)
    return Draft(" ".join(pieces), tuple(claims), tuple(citations), prompts=used)


def without_footnotes(words: str) -> str:
    """Return a quotation on one line without the source's own footnotes: its [1] would pass for a marker."""
    return " ".join(_FOOTNOTE.sub("", words).split())


def ended(words: str) -> tuple[str, str]:
    """Return a quotation and the stop that follows its marker; a stop inside closing quotes stays where it is."""
    if _END.search(words):
        return words[:-1], words[-1]
    return (words, "") if _CLOSED.search(words) else (words.rstrip(",;: "), ".")


def _follows(citation: Citation, earlier: Sequence[Citation], stored: StoredText) -> bool:
    """Return whether nothing but white space lies between a quotation and the one before it."""
    return any(
        (one.source, one.version) == (citation.source, citation.version)
        and not stored(one.source, one.version)[one.end : citation.start].strip()
        for one in earlier
    )


def _without_opening(citation: Citation) -> Citation:
    """Return a quotation without the "However," that ties it to a sentence which is not shown."""
    opening = _OPENING.match(citation.quote)
    if not opening:
        return citation
    return citation.model_copy(
        update={"quote": citation.quote[opening.end() :], "start": citation.start + opening.end()}
    )


def refuse(course: str, title: str, evidence: Evidence, stored: StoredText, prompt: Prompt) -> Draft:
    """Return a refusal in the words of ``prompt``, with the evidence's reason, that shows where the course comes near.

    What the course never mentions is named.
    """
    reason = evidence.reason or "not_in_course"
    shown = () if reason in ("unsafe", "unclear") else tuple(cite(course, c, stored, 0) for c in evidence.nearest)
    text = prompt.fill(reason, course=title)
    if evidence.unmentioned and shown:
        text = prompt.fill("unmentioned", course=title, words=_listed(evidence.unmentioned, prompt))
    return Draft(text, nearest=shown, reason=reason, prompts=(prompt,))


def be_courteous(kind: Courtesy, title: str, prompt: Prompt) -> Draft:
    """Return the tutor's own short answer to a greeting, thanks or "what can you do"; it states no fact."""
    return Draft(prompt.fill(kind, course=title), prompts=(prompt,))


def _listed(words: Sequence[str], prompt: Prompt) -> str:
    *first, last = (prompt.fill("word", word=word) for word in words)
    return prompt.fill("or", words=", ".join(first), word=last) if first else last


def cite(course: str, candidate: Candidate, stored: StoredText, marker: int) -> Citation:
    """Return a sentence as a citation whose quote is cut from the stored text."""
    start, end = candidate.sentence.start, candidate.sentence.end
    words = stored(candidate.source, candidate.version)[start:end]
    if words != candidate.text:
        raise Conflict(f"The index of {course!r} is out of step with its texts. Ingest the course again.")
    return Citation(
        marker=marker,
        course=course,
        source=candidate.source,
        title=candidate.title,
        section=section_path(candidate.sentence.section, candidate.title),
        page=candidate.sentence.page,
        version=candidate.version,
        quote=words,
        start=start,
        end=end,
    )


def section_path(section: Sequence[str], title: str) -> str | None:
    """Return the headings above a quote as a citation names them: without the title of their source."""
    return " › ".join(section[1:] if tuple(section[:1]) == (title,) else section) or None


def notes(answer: Answer) -> list[str]:
    """Return what a student should know of how the answer came about, in its language.

    That is why no chat model phrased it though one is set, and how much of what one wrote was left out.
    """
    leads = load_prompt("leads", answer.language)
    if answer.fallback not in (None, "language") and not answer.refused:
        return [leads.fill(f"fallback_{answer.fallback}")]
    count = len(answer.dropped)
    if not count or answer.fallback:
        return []
    return [leads.fill("dropped_many", count=str(count)) if count > 1 else leads.fill("dropped_one")]


def pieces(text: str, words: int = 4) -> list[str]:
    """Return ``text`` in pieces of a few words, as it is streamed; joined they are the text."""
    tokens = re.findall(r"\s*\S+\s*|\s+", text)
    return ["".join(tokens[at : at + words]) for at in range(0, len(tokens), words)]
