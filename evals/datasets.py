"""Datasets: questions with what a right answer must say and where the course says it, as JSONL.

A line is ``{"id"?, "question", "history"?, "facts"?, "evidence"?, "kind", "answerable"}``. ``history`` holds the
earlier questions of the conversation; ``facts`` the required facts, each a list of aliases; ``evidence`` a list of
verbatim fragments of which one must be cited, or a list of such lists where one of each is needed. Every fragment is
looked up in the course's stored texts when a dataset is loaded: what is scored are spans, not words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tutor.errors import InputError

Words = Annotated[str, Field(pattern=r"\S")]
Alternatives = Annotated[list[Words], Field(min_length=1)]


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


class Row(BaseModel):
    """A line as it is written, ``evidence`` in groups.

    A wrong type is refused, not read as something else: ``"facts": ["Mao"]`` would ask for the letters.
    """

    model_config = ConfigDict(strict=True)

    id: str | None = None
    question: Words
    history: list[Words] = []
    facts: list[Alternatives] = []
    evidence: list[Alternatives] = []
    kind: str
    answerable: bool

    @field_validator("evidence", mode="before")
    @classmethod
    def _grouped(cls, written: object) -> object:
        flat = isinstance(written, list) and written and all(isinstance(fragment, str) for fragment in written)
        return [written] if flat else written


def load(path: Path, texts: Mapping[str, str]) -> tuple[Sample, ...]:
    """Return the samples of ``path`` over a course whose sources have these ``texts``.

    Raises `InputError` that lists every problem with its line; then nothing is run.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}). Check the path.") from None
    samples: dict[str, Sample] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            sample = _sample(Row.model_validate_json(line), f"line-{number}", texts)
            if sample.id in samples:
                raise ValueError(f"the id {sample.id} occurs twice")
            samples[sample.id] = sample
        except ValidationError as error:
            problems += [f"{path.name}:{number}: {_said(e['loc'], e['msg'])}" for e in error.errors()]
        except ValueError as error:
            problems.append(f"{path.name}:{number}: {error}")
    if problems or not samples:
        raise InputError("; ".join(problems) or f"{path.name} holds no question.")
    return tuple(samples.values())


def _said(where: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, where)) or 'line'}: {message[0].lower()}{message[1:]}"


def _sample(row: Row, default_id: str, texts: Mapping[str, str]) -> Sample:
    evidence = tuple(tuple(span for quote in group for span in _spans(quote, texts)) for group in row.evidence)
    if row.answerable and not evidence:
        raise ValueError("is answerable but has no evidence")
    if not row.answerable and (evidence or row.facts):
        raise ValueError("is not answerable but has facts or evidence")
    return Sample(
        id=row.id or default_id,
        question=row.question,
        history=tuple(row.history),
        facts=tuple(tuple(aliases) for aliases in row.facts),
        evidence=evidence,
        kind=row.kind,
        answerable=row.answerable,
    )


def _spans(quote: str, texts: Mapping[str, str]) -> list[Span]:
    quote = quote.strip()
    found = []
    for source, text in texts.items():
        at = text.find(quote)
        while at >= 0:
            found.append(Span(source, at, at + len(quote)))
            at = text.find(quote, at + 1)
    if not found:
        raise ValueError(f"evidence is not in the course: {quote[:60]!r}")
    return found
