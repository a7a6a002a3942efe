"""Summaries: the scores of many outcomes as means and rates with their intervals.

What is defined for no outcome is None with a count of 0. Every mean says over how many outcomes it is defined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals import statistics
from evals.datasets import Sample
from evals.metrics import Metric, Score, answered
from evals.runs import FORMAT, Outcome
from evals.statistics import Interval

PLACES = 6  # digits that are kept, so that files compare on every machine


def score_all(outcomes: Sequence[Outcome], metrics: Mapping[str, Metric]) -> dict[str, Any]:
    """Return the scores file of a run: for each question its outcome and scores, and over all the summary.

    It holds no time and no random identifier: the same answers give the same file.
    """
    good = [outcome for outcome in outcomes if outcome.answer]
    scores = {outcome.sample.id: {name: metric(outcome) for name, metric in metrics.items()} for outcome in good}
    return {
        "format": FORMAT,
        "summary": summary(good, scores) | {"errors": len(outcomes) - len(good)},
        "questions": [_question(outcome, scores.get(outcome.sample.id, {})) for outcome in outcomes],
    }


def summary(outcomes: Sequence[Outcome], scores: Mapping[str, Mapping[str, Score]]) -> dict[str, Any]:
    """Return each metric's mean, how many outcomes it is defined for, and a 95% interval; and the rates of refusal."""
    clusters = [_cluster(outcome.sample) for outcome in outcomes]
    names = list(next(iter(scores.values()), {}))
    found = {name: _mean([scores[o.sample.id][name].value for o in outcomes], clusters) for name in names}
    right = {o.sample.id: scores[o.sample.id]["right"].value == 1.0 for o in outcomes}
    return {
        "questions": len(outcomes),
        "metrics": found | refusal(outcomes) | {"pairs_right": _pairs(outcomes, right)},
        "right_by_kind": _by(outcomes, right, lambda sample: sample.kind),
        "right_by_history": _by([o for o in outcomes if o.sample.history], right, _history),
    }


def refusal(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return precision, recall and F1 of refusing, the unanswerable questions being the positive class; over-refusal.

    Over-refusal is the share of answerable questions that are refused. F1 has no interval: it is no mean.
    """
    refused = [o for o in outcomes if answered(o).refused]
    positive = [o for o in outcomes if not o.sample.answerable]
    hits = sum(not o.sample.answerable for o in refused)
    precision, recall = rate(hits, len(refused)), rate(hits, len(positive))
    both = len(refused) + len(positive)  # F1 is 2 hits over these
    defined = refused and positive
    return {
        "refusal_precision": precision,
        "refusal_recall": recall,
        "refusal_f1": {"value": round(2 * hits / both, PLACES) if defined else None, "n": both if defined else 0},
        "over_refusal": rate(len(refused) - hits, len(outcomes) - len(positive)),
    }


def rate(hits: int, of: int) -> dict[str, Any]:
    """Return a rate with its count and Wilson interval."""
    return _stated(hits / of if of else None, of, statistics.wilson(hits, of))


def outcome_of(outcome: Outcome, right: bool) -> str:
    """Return what became of a question: right, wrong, refused (which it should not have been) or error."""
    if outcome.answer is None:
        return "error"
    if right:
        return "right"
    return "refused" if outcome.answer.refused else "wrong"


def _question(outcome: Outcome, scores: Mapping[str, Score]) -> dict[str, Any]:
    right = bool(scores) and scores["right"].value == 1.0
    return {
        "id": outcome.sample.id,
        "kind": outcome.sample.kind,
        "outcome": outcome_of(outcome, right),
        "scores": {name: rounded(score.value) for name, score in scores.items()},
        "why": outcome.error or "; ".join(dict.fromkeys(s.explanation for s in scores.values() if s.explanation)),
    }


def _mean(values: Sequence[float | None], clusters: Sequence[str]) -> dict[str, Any]:
    defined = [value for value in values if value is not None]
    if defined and set(defined) <= {0.0, 1.0}:
        return rate(sum(value == 1.0 for value in defined), len(defined))
    interval = statistics.bootstrap(values, clusters) if defined else None
    return _stated(sum(defined) / len(defined) if defined else None, len(defined), interval)


def _stated(value: float | None, n: int, interval: Interval | None) -> dict[str, Any]:
    ends = {"low": rounded(interval.low), "high": rounded(interval.high)} if interval else {}
    return {"value": rounded(value), "n": n, **ends}


def _pairs(outcomes: Sequence[Outcome], right: Mapping[str, bool]) -> dict[str, Any]:
    """Return the rate of false premises of which the true twin is right as well: refusing both is no understanding."""
    twins = [(o.sample.id, o.sample.twin) for o in outcomes if o.sample.twin in right]
    return rate(sum(right[one] and right[other] for one, other in twins), len(twins))


def _by(outcomes: Sequence[Outcome], right: Mapping[str, bool], group: Any) -> dict[str, Any]:
    groups: dict[str, list[bool]] = {}
    for outcome in outcomes:
        groups.setdefault(group(outcome.sample), []).append(right[outcome.sample.id])
    return {name: rate(sum(found), len(found)) for name, found in sorted(groups.items())}


def _history(sample: Sample) -> str:
    return "as heard" if sample.history[0].answer else "the system's own"


def _cluster(sample: Sample) -> str:
    """Return what a question stands or falls with: the source of its evidence; else itself."""
    return next((span.source for group in sample.evidence for span in group), f"question {sample.id}")


def rounded(value: float | None) -> float | None:
    """Return ``value`` to as many places as are kept."""
    return None if value is None else round(value, PLACES)
