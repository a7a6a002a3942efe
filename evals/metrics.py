"""Metrics: what is measured on one question, and over all; an undefined one is None, never 0 or 1.

Retrieval is scored on spans by character overlap, so that another cut of the same text scores the same.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from evals.datasets import Sample, Span
from tutor.types import Answer, Passage

ENOUGH = 0.5  # a gold span counts as found where at least this share of it is covered


@dataclass(frozen=True)
class Outcome:
    """One question as it was answered: the Answer, the passages retrieved in order, and the seconds it took."""

    sample: Sample
    answer: Answer
    passages: tuple[Passage, ...]
    seconds: float


def recall_at(k: int, outcome: Outcome) -> float | None:
    """Return the share of evidence groups found in the first ``k`` passages; None without gold evidence."""
    groups = outcome.sample.evidence
    if not groups:
        return None
    first = outcome.passages[:k]
    return sum(any(_holds(p, span) for p in first for span in group) for group in groups) / len(groups)


def reciprocal_rank(outcome: Outcome) -> float | None:
    """Return 1/rank of the first passage that holds gold evidence, 0 if none does; None without gold evidence."""
    spans = [span for group in outcome.sample.evidence for span in group]
    if not spans:
        return None
    ranks = (rank for rank, p in enumerate(outcome.passages, start=1) if any(_holds(p, span) for span in spans))
    return 1 / next(ranks, float("inf"))


def evidence_hit(outcome: Outcome) -> bool | None:
    """Return whether each evidence group is cited; None without gold evidence."""
    if not outcome.sample.evidence:
        return None
    return all(
        any(span.overlap(c.source, c.start, c.end) >= ENOUGH for c in outcome.answer.citations for span in group)
        for group in outcome.sample.evidence
    )


def facts_matched(outcome: Outcome) -> bool | None:
    """Return whether every required fact is in the answer, under one of its aliases; None without required facts.

    Letter case and markers are ignored; an alias matches at the beginning of a word ("airplane" in "airplanes"), a
    number only as a whole.
    """
    if not outcome.sample.facts:
        return None
    said = " ".join(re.sub(r"\s*\[\d+\]", "", outcome.answer.answer).casefold().split())
    return all(any(_says(said, alias.casefold()) for alias in aliases) for aliases in outcome.sample.facts)


def right(outcome: Outcome) -> bool:
    """Return whether the outcome is the wanted one: cited and stating the facts, or refused where nothing answers."""
    if not outcome.sample.answerable:
        return outcome.answer.refused
    return not outcome.answer.refused and evidence_hit(outcome) is not False and facts_matched(outcome) is not False


def refusal(outcomes: Sequence[Outcome]) -> tuple[float | None, float | None, float | None]:
    """Return precision, recall and F1 of refusing, the unanswerable questions being the positive class."""
    refused = [o for o in outcomes if o.answer.refused]
    positive = [o for o in outcomes if not o.sample.answerable]
    hits = sum(not o.sample.answerable for o in refused)
    precision = hits / len(refused) if refused else None
    recall = hits / len(positive) if positive else None
    if precision is None or recall is None:
        return precision, recall, None
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which ``share`` of the values lie (linear interpolation); None for no values."""
    if len(values) < 2:
        return values[0] if values else None
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[round(share * 100) - 1]


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the defined values; None where there is none."""
    defined = [value for value in values if value is not None]
    return statistics.fmean(defined) if defined else None


def _holds(passage: Passage, span: Span) -> bool:
    return span.overlap(passage.source, passage.start, passage.end) >= ENOUGH


def _says(said: str, alias: str) -> bool:
    end = r"(?![\d.,]*\d)" if alias[-1].isdigit() else ""
    start = r"(?<![\w.,])" if alias[0].isdigit() else r"(?<!\w)"
    return re.search(start + re.escape(alias) + end, said) is not None
