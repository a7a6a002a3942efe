"""Datasets: questions with what a right answer must say and where the course says it, as JSONL.

A line is ``{"id"?, "question", "history"?, "facts", "evidence", "kind", "answerable"}``. ``history`` holds the earlier
questions of the conversation; ``facts`` the required facts, each a list of aliases; ``evidence`` a list of verbatim
fragments of which one must be cited, or a list of such lists where one of each is needed. Every fragment is looked up
in the course's stored texts when a dataset is loaded: what is scored are spans, not words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.errors import InputError


@dataclass(frozen=True)
class Span:
    """Half-open code-point offsets in the stored text of a source."""

    source: str
    start: int
    end: int

    def overlap(self, source: str, start: int, end: int) -> float:
        """Return which share of this span the other one covers, from 0 to 1."""
        common = min(self.end, end) - max(self.start, start)
        return max(0, common) / (self.end - self.start) if source == self.source else 0.0


@dataclass(frozen=True)
class Sample:
    """One question with its gold: groups of alternative spans, and required facts as groups of aliases."""

    id: str
    question: str
    history: tuple[str, ...]
    facts: tuple[tuple[str, ...], ...]
    evidence: tuple[tuple[Span, ...], ...]
    kind: str
    answerable: bool


def load(path: Path, texts: Mapping[str, str]) -> tuple[Sample, ...]:
    """Return the samples of ``path`` over a course whose sources have these ``texts``.

    Raises `InputError` that lists every problem with its line; then nothing is run.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}). Check the path.") from None
    samples: list[Sample] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            samples.append(_sample(json.loads(line), f"line-{number}", texts))
        except (ValueError, KeyError, TypeError) as error:
            said = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            problems.append(f"{path.name}:{number}: {said}")
    seen: set[str] = set()
    for sample in samples:
        if sample.id in seen:
            problems.append(f"{path.name}: the id {sample.id} occurs twice")
        seen.add(sample.id)
    if problems or not samples:
        raise InputError("; ".join(problems) or f"{path.name} holds no question.")
    return tuple(samples)


def _sample(row: dict[str, Any], default_id: str, texts: Mapping[str, str]) -> Sample:
    groups = row["evidence"]
    if groups and all(isinstance(group, str) for group in groups):
        groups = [groups]
    evidence = tuple(tuple(span for quote in group for span in _spans(quote, texts)) for group in groups)
    facts = tuple(tuple(aliases) for aliases in row["facts"])
    if row["answerable"] and not evidence:
        raise ValueError("is answerable but has no evidence")
    if not row["answerable"] and (evidence or facts):
        raise ValueError("is not answerable but has facts or evidence")
    if not str(row["question"]).strip() or not all(aliases for aliases in facts):
        raise ValueError("has an empty question or an empty list of aliases")
    return Sample(
        id=row.get("id", default_id),
        question=row["question"],
        history=tuple(row.get("history", ())),
        facts=facts,
        evidence=evidence,
        kind=row["kind"],
        answerable=bool(row["answerable"]),
    )


def _spans(quote: str, texts: Mapping[str, str]) -> list[Span]:
    found = []
    for source, text in texts.items():
        at = text.find(quote)
        while at >= 0 and quote:
            found.append(Span(source, at, at + len(quote)))
            at = text.find(quote, at + 1)
    if not found:
        raise ValueError(f"evidence is not in the course: {quote[:60]!r}")
    return found
