"""Drafts: a dataset made from a course's own headings, questions, terms, dates and figures, for a teacher to correct.

Every question comes with the sentence that it was made from as its gold evidence. What the course does not answer
cannot be drafted from it: a teacher adds such questions, with ``answerable`` false.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from evals.systems import Sentences, sentences
from tutor.index import CourseIndex
from tutor.words import YEAR

_TERM = re.compile(r"^(?P<term>[^:–—.]{2,40})(?::| [–—]) (?=\S)")
_YEAR = re.compile(rf"(?<![\d,.]){YEAR}\b(?![,.]?\d)")
_DAY = re.compile(r"\b[A-Z][a-z]{2,8} \d{1,2}\b|\b\d{1,2} [A-Z][a-z]{2,8}\b")  # "September 9": a date and no figure
_TERMS = re.compile(r"glossary|key terms|vocabulary|definitions", re.IGNORECASE)
_FIGURE = re.compile(
    r"(?<![\w.,])\d[\d,.]*(?<![,.])(?: (?:hundred|thousand|million|billion|percent|per cent))?%?(?!\w)"
)


@dataclass(frozen=True)
class Drafted:
    """A question with the sentences that answer it, of which one must be cited, and the fact that it asks for."""

    question: str
    kind: str
    evidence: tuple[str, ...]
    facts: tuple[str, ...] = ()


def draft(index: CourseIndex, most: int) -> list[Drafted]:
    """Return up to ``most`` questions on a course, of each kind about as many, in the order of the texts."""
    found = sentences(index)
    by_kind = [list(dict.fromkeys(make(found))) for make in (_own_questions, _terms, _figures, _years, _sections)]
    chosen: list[Drafted] = []
    while len(chosen) < most and any(by_kind):
        chosen += [kind.pop(0) for kind in by_kind if kind][: most - len(chosen)]
    places = {sentence.text: place for place, (_, sentence) in enumerate(found)}
    return sorted(chosen, key=lambda one: places[one.evidence[0]])


def as_lines(drafted: Sequence[Drafted]) -> str:
    """Return the drafted questions as a dataset in JSON lines."""
    rows = (
        {
            "id": f"draft-{number:03}",
            "question": one.question,
            "facts": [list(one.facts)] if one.facts else [],
            "evidence": list(one.evidence),
            "kind": one.kind,
            "answerable": True,
        }
        for number, one in enumerate(drafted, start=1)
    )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_sheet(drafted: Sequence[Drafted]) -> str:
    """Return the drafted questions as a dataset in CSV; one whose evidence a cell cannot hold is left out."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(["id", "question", "answerable", "kind", "facts", "evidence"])
    for number, one in enumerate(drafted, start=1):
        if not any(mark in text for text in one.evidence for mark in "|\n\r"):
            alternatives = [" | ".join(one.facts), " | ".join(one.evidence)]
            writer.writerow([f"draft-{number:03}", one.question, "yes", one.kind, *alternatives])
    return sheet.getvalue()


def _own_questions(found: Sentences) -> Iterator[Drafted]:
    for question, answer in groupby((s for _, s in found if s.sentence.question), lambda s: s.sentence.question):
        yield Drafted(question, "faq", tuple(sentence.text for sentence in answer))


def _terms(found: Sentences) -> Iterator[Drafted]:
    for _, sentence in found:
        match = _TERM.match(sentence.text)
        if match and any(_TERMS.search(heading) for heading in sentence.sentence.section):
            yield Drafted(f"What does “{match['term']}” mean?", "term", (sentence.text,))


def _figures(found: Sentences) -> Iterator[Drafted]:
    for _, sentence in found:
        figures = [match for match in _FIGURE.finditer(sentence.text) if not _YEAR.fullmatch(match.group())]
        if figures and not _DAY.search(sentence.text):
            figure = figures[0]
            rest = f"{sentence.text[: figure.start()]}…{sentence.text[figure.end() :]}"
            yield Drafted(f"Which figure is missing: “{rest}”", "number", (sentence.text,), (figure.group(),))


def _years(found: Sentences) -> Iterator[Drafted]:
    years = dict.fromkeys(year for _, sentence in found for year in _YEAR.findall(sentence.text))
    for year in years:
        said = tuple(dict.fromkeys(s.text for _, s in found if year in _YEAR.findall(s.text)))
        yield Drafted(f"What happened in {year}?", "date", said)


def _sections(found: Sentences) -> Iterator[Drafted]:
    for section, inside in groupby(found, lambda pair: pair[1].sentence.section):
        texts = tuple(sentence.text for _, sentence in inside if not sentence.sentence.question)
        if len(section) > 1 and texts and not section[-1].endswith("?"):
            yield Drafted(f"Tell me about “{section[-1]}”", "section", texts)
