"""The runner: asks a dataset's questions of a tutor as a student would, and gathers the scores."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from evals import metrics
from evals.datasets import Sample
from evals.metrics import Outcome
from tutor.tutor import Tutor

GATES = Path(__file__).parent / "gates.toml"
DATASETS = Path(__file__).parent / "datasets"


def ask_all(
    tutor: Tutor,
    course: str,
    samples: Sequence[Sample],
    k: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Outcome]:
    """Return the outcome of each sample in order; conversations made on the way are deleted again."""
    outcomes = []
    for number, sample in enumerate(samples):
        conversation = None
        for earlier in sample.history:
            conversation = tutor.ask(course, earlier.question, conversation).conversation
        started = perf_counter()
        answer = tutor.ask(course, sample.question, conversation)
        seconds = perf_counter() - started
        passages = tutor.retrieve(course, answer.standalone_question, k)
        tutor.delete_conversation(answer.conversation)
        outcomes.append(Outcome(sample, answer, passages, seconds))
        progress(number + 1, len(samples))
    return outcomes


def summarise(outcomes: Sequence[Outcome], k: int) -> dict[str, Any]:
    """Return the scores by name; a rate is between 0 and 1, a latency in milliseconds, None where undefined."""
    precision, recall, f1 = metrics.refusal(outcomes)
    milliseconds = [outcome.seconds * 1000 for outcome in outcomes]
    answerable = [o for o in outcomes if o.sample.answerable]
    kinds = sorted({o.sample.kind for o in outcomes})
    return {
        "questions": len(outcomes),
        "right": metrics.mean([metrics.right(o) for o in outcomes]),
        f"recall@{k}": metrics.mean([metrics.recall_at(k, o) for o in outcomes]),
        "mrr": metrics.mean([metrics.reciprocal_rank(o) for o in outcomes]),
        "evidence_hit": metrics.mean([metrics.evidence_hit(o) for o in outcomes]),
        "facts_matched": metrics.mean([metrics.facts_matched(o) for o in outcomes]),
        "wrongly_refused": metrics.mean([o.answer.refused for o in answerable]),
        "refusal_precision": precision,
        "refusal_recall": recall,
        "refusal_f1": f1,
        "latency_p50_ms": metrics.percentile(milliseconds, 0.50),
        "latency_p95_ms": metrics.percentile(milliseconds, 0.95),
        "right_by_kind": {
            kind: f"{sum(metrics.right(o) for o in of_kind)}/{len(of_kind)}"
            for kind in kinds
            for of_kind in ([o for o in outcomes if o.sample.kind == kind],)
        },
    }


def failed_gates(scores: dict[str, Any], task: str, gates: Path = GATES) -> list[str]:
    """Return a line for each score of ``task`` below its floor; a floor on an undefined score fails."""
    floors = tomllib.loads(gates.read_text(encoding="utf-8")).get(task, {})
    return [
        f"{name} is {'n/a' if scores.get(name) is None else format(scores[name], '.3f')}, below {floor}"
        for name, floor in floors.items()
        if scores.get(name) is None or scores[name] < floor
    ]
