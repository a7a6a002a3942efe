"""The runner: a task is a dataset asked of a system and scored by metrics; its run is kept, resumed and scored again.

task = Task("mine", datasets.load(path, texts), TutorSystem(tutor, "mine"), metrics.standard(5, texts))
print(run(task).scores["summary"])
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from evals import runs
from evals.datasets import Sample
from evals.metrics import Metric
from evals.runs import Outcome, Run
from evals.summary import rounded, score_all
from evals.systems import System

DATASETS = Path(__file__).parent / "datasets"
K = 5  # passages that retrieval is scored on


@dataclass(frozen=True)
class Task:
    """What is asked, of what, and how it is scored; ``texts`` are the course's stored texts by source."""

    name: str
    dataset: Sequence[Sample]
    system: System
    metrics: Mapping[str, Metric]
    course: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    k: int = K
    gated: bool = False


@dataclass(frozen=True)
class Finished:
    """A run that is through: its outcomes in order, its scores, and the folder that keeps both (None: kept nowhere)."""

    outcomes: Sequence[Outcome]
    scores: dict[str, Any]
    folder: Path | None


def run(
    task: Task,
    home: Path | None = None,
    jobs: int = 1,
    fresh: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Finished:
    """Ask what has not been asked yet, score everything, and keep it below ``home``.

    ``fresh`` asks everything again. Scores are the same however often the run was interrupted.
    """
    asked = Run(
        task=task.name,
        dataset=digest(task.dataset),
        course=task.course,
        sources={name: f"sha256:{sha256(text.encode()).hexdigest()}" for name, text in task.texts.items()},
        system=task.system.name,
        fingerprint=task.system.fingerprint(),
        k=task.k,
        gated=task.gated,
    )
    folder = runs.begin(home, asked, task.dataset, task.texts) if home else None
    if folder and fresh:
        (folder / runs.OUTCOMES).unlink(missing_ok=True)
    outcomes = runs.ask_all(task.system, task.dataset, task.k, folder, jobs, progress)
    return score(asked, outcomes, task.metrics, folder)


def score(asked: Run, outcomes: Sequence[Outcome], metrics: Mapping[str, Metric], folder: Path | None) -> Finished:
    """Return a run scored; its scores are written to its folder."""
    # Of the system only its name: the same answers of another version are the same scores.
    about = {name: getattr(asked, name) for name in ("task", "dataset", "course", "system", "k", "gated")}
    scores = score_all(outcomes, metrics) | {"run": about | {"course_versions": dict(asked.sources)}}
    if folder:
        runs.write(folder / runs.SCORES, scores)
    return Finished(outcomes, scores, folder)


def latency(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Return milliseconds of a whole answer, warm ones and the cold one apart; None where there is none."""
    warm = [outcome.seconds * 1000 for outcome in outcomes if outcome.answer and not outcome.cold]
    cold = [outcome.seconds * 1000 for outcome in outcomes if outcome.answer and outcome.cold]
    return {
        "latency_p50_ms": rounded(percentile(warm, 0.50)),
        "latency_p95_ms": rounded(percentile(warm, 0.95)),
        "latency_max_ms": rounded(max(warm, default=None)),
        "latency_cold_ms": rounded(max(cold, default=None)),
    }


def usage(outcomes: Sequence[Outcome], price: tuple[float, float] | None = None) -> dict[str, float | None]:
    """Return the tokens that chat models read and wrote, and what that costs; {} where none was asked.

    ``price`` is in dollars for a million tokens read and written; without it the cost is None.
    """
    counted = [outcome.answer.usage for outcome in outcomes if outcome.answer and outcome.answer.usage]
    if not counted:
        return {}
    tokens = sum(one.input_tokens for one in counted), sum(one.output_tokens for one in counted)
    cost = sum(n * dollars for n, dollars in zip(tokens, price, strict=True)) / 1e6 if price else None
    return {"input_tokens": tokens[0], "output_tokens": tokens[1], "cost_usd": rounded(cost)}


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which ``share`` of the values lie (linear interpolation); None for no values."""
    if len(values) < 2:
        return values[0] if values else None
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[round(share * 100) - 1]


def digest(samples: Sequence[Sample]) -> str:
    """Return a hash of the questions with their gold: another one whenever a score could differ."""
    return sha256(repr(tuple(samples)).encode()).hexdigest()
