"""Replies: what a chat model writes, as it arrives, as sentences with the numbers that each cites."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sentencex import segment

_MARKERS = re.compile(r"\s*((?:\[\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*\]\s*)+)")
_LEADING = re.compile(r"(?:\s*\[\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*\])+[.!?。！？]?")
_AFTER_MARKER = re.compile(r"([.!?][\"”’')]+\s*\[[\d,;\s–-]+\]\s+)(?=[^\W\da-z_]|[“\"])")  # "… “so.” [1] And then …"
_CUT = "\x00"
_BEGUN_MARKER = re.compile(r"\s*(?:\[[\d,;\s–-]*\]?\s*)*")
_MAY_END = re.compile(r"[.!?。！？…\n]")
_FINISHED = frozenset({"stop", "end_turn", "stop_sequence", "eos", "length_ok"})
_ENDED = re.compile(r"[.!?。！？…][\"”’'»)\]]*(?:\s*\[[\d,;\s–-]+\])*[.!?]?\s*$|\[\d{1,3}\]\s*$")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)]|#{1,6})\s+")
_EMPHASIS = re.compile(r"(\*\*|__|\*|(?<!\w)_|_(?!\w))")
_OPENING = re.compile(r"^(?:the )?answers?(?: to (?:the|this|your) question)?(?: is)?:\s*", re.IGNORECASE)
LONGEST_SENTENCE = 1_500  # characters: a model that never ends its sentence is cut off


@dataclass(frozen=True)
class Sentence:
    """A sentence of a reply without its markers; ``whole`` is false for one that was broken off."""

    text: str
    cited: tuple[int, ...] = ()
    whole: bool = True


SCHEMA: dict[str, Any] = {
    "title": "answer",
    "description": "The answer as sentences, each with the numbers of the sentences of the course that it comes from.",
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "evidence": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["text", "evidence"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["sentences"],
    "additionalProperties": False,
}


def from_text(chunks: Iterator[Any], language: str) -> Iterator[Sentence]:
    """Yield each sentence of a streamed text as soon as the next one begins, or the reply ends."""
    held = ""
    finished = False
    for chunk in chunks:
        held += chunk.text
        finished = finished or _is_finished(chunk)
        if len(held) <= LONGEST_SENTENCE and not _MAY_END.search(held):
            continue  # splitting at each piece would take longer than a model that never ends
        *done, held = _sentences(held, language)
        yield from (sentence for sentence in map(parse, done) if sentence.text)
        if len(held) > LONGEST_SENTENCE:
            yield replace(parse(held), whole=False)
            return
    if parse(held).text:
        yield replace(parse(held), whole=finished or _ENDED.search(held) is not None)


def from_structure(values: Iterator[Any]) -> Iterator[Sentence]:
    """Yield each sentence of an answer that grows by `SCHEMA`, as soon as the next one begins, or the reply ends."""
    given = 0
    last: list[Any] = []
    for value in values:
        found = value.get("sentences") if isinstance(value, dict) else None
        last = found if isinstance(found, list) else last
        for item in last[given:-1]:
            given += 1
            yield _structured(item)
    for item in last[given:]:
        yield _structured(item)


def from_citations(chunks: Iterator[Any], language: str) -> Iterator[Sentence]:
    """Yield each sentence of Anthropic's text blocks, with the numbers of the content blocks that its block cites.

    See "Citations" in Anthropic's documentation: a document of content blocks, of which ``start_block_index`` to
    ``end_block_index`` (half-open, from 0) are cited.
    """
    text, at = "", None
    cited: list[int] = []
    for chunk in chunks:
        for block in [chunk.content] if isinstance(chunk.content, str) else chunk.content:
            part: dict[str, Any] = {"text": block} if isinstance(block, str) else block
            if part.get("index", at) != at and text.strip():
                yield from _block(text, cited, language)
                text, cited = "", []
            at = part.get("index", at)
            text += part.get("text") or ""
            cited += [
                number + 1
                for place in part.get("citations") or []
                for number in range(place.get("start_block_index", 0), place.get("end_block_index", 0))
            ]
    if text.strip():
        yield from _block(text, cited, language)


def split(text: str, language: str) -> list[str]:
    """Return a whole text in sentences, as they were written."""
    return [part.strip() for part in _sentences(text, language) if part.strip()]


def parse(written: str) -> Sentence:
    """Return a sentence as it was written, without bullet, emphasis and markers, with the numbers in its markers."""
    written = unicodedata.normalize("NFKC", written)  # wide digits and ornate letters are only other forms
    cited = tuple(
        dict.fromkeys(int(number) for found in _MARKERS.findall(written) for number in re.findall(r"\d+", found))
    )
    text = _MARKERS.sub(lambda m: " " if m.group().endswith((" ", "\n")) else "", written)
    text = re.sub(r"\s+([.,;:!?])", r"\1", _EMPHASIS.sub("", _OPENING.sub("", _BULLET.sub("", text.lstrip()))))
    return Sentence(" ".join(text.split()), cited)


def _structured(item: Any) -> Sentence:
    text = item.get("text") if isinstance(item, dict) else None
    numbers = item.get("evidence") if isinstance(item, dict) else None
    cited = [n for n in numbers if isinstance(n, int)] if isinstance(numbers, list) else []
    found = parse(text if isinstance(text, str) else "")
    return replace(found, cited=tuple(dict.fromkeys([*cited, *found.cited])))


def _block(text: str, cited: list[int], language: str) -> Iterator[Sentence]:
    for part in _sentences(text, language):
        if part.strip():
            yield replace(parse(part), cited=tuple(dict.fromkeys(cited)))


def _sentences(text: str, language: str) -> list[str]:
    """Return ``text`` in sentences, markers with the sentence before them; the last one may not be complete."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        begins = True
        for whole in segment(language.split("-")[0], line):
            for part in _AFTER_MARKER.sub(rf"\1{_CUT}", whole).split(_CUT):
                leading = _LEADING.match(part)
                ahead = begins and leading and part[leading.end() :].strip()  # "[1] Then …" on a line of its own
                if leading and found and not ahead:  # "… in 1958. [1] Then …"
                    found[-1] += leading.group()
                    part = part[leading.end() :]
                if part.strip() or not found:
                    found.append(part)
                else:
                    found[-1] += part
                begins = False
    if len(found) > 1 and _BEGUN_MARKER.fullmatch(found[-1]):
        found[-2:] = [found[-2] + found[-1]]
    complete = bool(found) and text.endswith("\n") and bool(found[-1].strip())
    return [*found, ""] if complete else found or [""]


def _is_finished(chunk: Any) -> bool:
    told = getattr(chunk, "response_metadata", None) or {}
    return str(told.get("finish_reason") or told.get("stop_reason") or "").lower() in _FINISHED
