"""Datasets: questions with what a right answer must say and where the course says it, as JSONL, or CSV for teachers.

A line is ``{"id"?, "question", "history"?, "facts"?, "forbidden"?, "evidence"?, "kind", "answerable", "twin"?}``:

- ``history``: the earlier questions of the conversation, answered by the system that is asked; or pairs of question and
  answer, which the system then takes for what was said;
- ``facts``: what must be said, each fact a list of aliases; ``forbidden``: what must not be;
- ``evidence``: a list of alternatives of which one must be cited, or a list of such lists where one of each is needed.
  An alternative is a verbatim fragment, or a span ``{"source", "start", "end", "sha256"?}``;
- ``twin``: for a question with a false premise, the id of the same question with a true one.

In a CSV file the columns have the same names; alternatives are parted by ``|``, everything else by a line break.
Every fragment is looked up in the course's stored texts when a dataset is loaded: what is scored are spans, not words.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tutor.errors import InputError

ENOUGH = 0.5  # a gold span counts as found where at least this share of it is covered

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
class Turn:
    """An earlier exchange of a sample's conversation; without an ``answer``, the system's own is taken."""

    question: str
    answer: str = ""


@dataclass(frozen=True)
class Sample:
    """One question with its gold: groups of alternative spans, facts as groups of aliases, forbidden claims."""

    id: str
    question: str
    history: tuple[Turn, ...]
    facts: tuple[tuple[str, ...], ...]
    evidence: tuple[tuple[Span, ...], ...]
    kind: str
    answerable: bool
    forbidden: tuple[str, ...] = ()
    twin: str = ""


class SpanRow(BaseModel):
    """An alternative given by its place; with ``sha256`` (of the stored text) a changed source is noticed."""

    model_config = ConfigDict(strict=True, extra="forbid")

    source: Words
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    sha256: str | None = None


class TurnRow(BaseModel):
    """An earlier exchange as it is written."""

    model_config = ConfigDict(strict=True, extra="forbid")

    question: Words
    answer: Words


class Row(BaseModel):
    """A line as it is written, ``evidence`` in groups.

    A wrong type is refused, not read as something else: ``"facts": ["Mao"]`` would ask for the letters.
    """

    model_config = ConfigDict(strict=True)

    id: str | None = None
    question: Words
    history: list[Words | TurnRow] = []
    facts: list[Alternatives] = []
    forbidden: list[Words] = []
    evidence: list[Annotated[list[Words | SpanRow], Field(min_length=1)]] = []
    kind: str
    answerable: bool
    twin: str = ""

    @field_validator("evidence", mode="before")
    @classmethod
    def _grouped(cls, written: object) -> object:
        flat = isinstance(written, list) and written and not any(isinstance(group, list) for group in written)
        return [written] if flat else written

    @field_validator("history")
    @classmethod
    def _alike(cls, turns: list[str | TurnRow]) -> list[str | TurnRow]:
        if len({type(turn) for turn in turns}) > 1:
            raise ValueError("give an answer to every turn or to none")
        return turns


def load(path: Path, texts: Mapping[str, str]) -> tuple[Sample, ...]:
    """Return the samples of ``path`` over a course whose sources have these ``texts``.

    Raises `InputError` that lists every problem with its line; then nothing is run.
    """
    samples: dict[str, Sample] = {}
    lines: dict[str, int] = {}
    problems: list[str] = []
    for number, parse in _rows(path):
        try:
            sample = _sample(parse(), f"line-{number}", texts)
            if sample.id in samples:
                raise ValueError(f"the id {sample.id} occurs twice")
            samples[sample.id], lines[sample.id] = sample, number
        except ValidationError as error:
            problems += [f"{path.name}:{number}: {_said(e['loc'], e['msg'])}" for e in error.errors()]
        except ValueError as error:
            problems += [f"{path.name}:{number}: {problem}" for problem in error.args]
    problems += [
        f"{path.name}:{lines[sample.id]}: its twin {sample.twin!r} is no answerable question of the file"
        for sample in samples.values()
        if sample.twin and not (sample.twin in samples and samples[sample.twin].answerable)
    ]
    if problems or not samples:
        raise InputError("; ".join(problems) or f"{path.name} holds no question.")
    return tuple(samples.values())


def _rows(path: Path) -> Iterator[tuple[int, Callable[[], Row]]]:
    """Yield each line's number and what parses it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}). Check the path.") from None
    if path.suffix.lower() != ".csv":
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield number, partial(Row.model_validate_json, line)
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    unknown = set(reader.fieldnames or ()) - set(Row.model_fields)
    if unknown:
        raise InputError(f"{path.name}:1: unknown columns: {', '.join(sorted(map(str, unknown)))}.")
    before = reader.line_num
    try:
        for cells in reader:
            yield before + 1, partial(_from_cells, cells)
            before = reader.line_num
    except csv.Error as error:
        raise InputError(f"{path.name}:{before + 1}: {error}. Save the sheet as CSV again.") from None


def _from_cells(cells: Mapping[str | None, str | None]) -> Row:
    """Return a row of a sheet; raises `ValueError` where a cell cannot be read."""
    written = {name: cell.strip() for name, cell in cells.items() if name and cell and cell.strip()}
    if None in cells:
        raise ValueError("has more cells than there are columns")
    answerable = {"yes": True, "true": True, "no": False, "false": False}.get(written.get("answerable", "").lower())
    if answerable is None:
        raise ValueError('answerable: write "yes" or "no"')
    groups = {name: _lines(written.get(name, "")) for name in ("history", "facts", "forbidden", "evidence")}
    return Row.model_validate(
        written
        | groups
        | {name: [_alternatives(line) for line in groups[name]] for name in ("facts", "evidence")}
        | {"answerable": answerable}
    )


def _lines(cell: str) -> list[str]:
    return [line.strip() for line in cell.splitlines() if line.strip()]


def _alternatives(line: str) -> list[str]:
    return [part.strip() for part in line.split("|") if part.strip()]


def _said(where: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, where)) or 'line'}: {message[0].lower()}{message[1:]}"


def _sample(row: Row, default_id: str, texts: Mapping[str, str]) -> Sample:
    """Return a row with its evidence found; raises `ValueError` with one argument for each problem."""
    evidence: list[tuple[Span, ...]] = []
    problems: list[str] = []
    for group in row.evidence:
        found: list[Span] = []
        for one in group:
            try:
                found += _spans(one, texts) if isinstance(one, str) else [_span(one, texts)]
            except ValueError as error:
                problems.append(str(error))
        evidence.append(tuple(found))
    if row.answerable and not evidence:
        problems.append("is answerable but has no evidence")
    if not row.answerable and (evidence or row.facts):
        problems.append("is not answerable but has facts or evidence")
    if problems:
        raise ValueError(*problems)
    return Sample(
        id=row.id or default_id,
        question=row.question,
        history=tuple(Turn(t) if isinstance(t, str) else Turn(t.question, t.answer) for t in row.history),
        facts=tuple(tuple(aliases) for aliases in row.facts),
        evidence=tuple(evidence),
        kind=row.kind,
        answerable=row.answerable,
        forbidden=tuple(row.forbidden),
        twin=row.twin,
    )


def _span(row: SpanRow, texts: Mapping[str, str]) -> Span:
    text = texts.get(row.source)
    if text is None:
        raise ValueError(f"the course has no source {row.source!r}")
    if not row.start < row.end <= len(text):
        raise ValueError(f"{row.source} has no span {row.start}-{row.end}: it is {len(text)} characters long")
    if row.sha256 and row.sha256.removeprefix("sha256:") != sha256(text.encode()).hexdigest():
        raise ValueError(f"{row.source} has changed since its span {row.start}-{row.end} was marked")
    return Span(row.source, row.start, row.end)


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
