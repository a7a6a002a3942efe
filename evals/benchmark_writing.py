"""Benchmark: how long students wait for an answer that a chat model phrases, and how much of that is checking.

    python -m evals.benchmark_writing gguf:model.gguf

Each question of a dataset that the course answers is asked twice, warm: quoted by the built-in answerer, and phrased by
the model. Nobody is shown a model's first word, but the first sentence once it is checked: their ratio is the wait that
checking costs, on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from evals import datasets
from evals.answerers import check_ms
from evals.cli import find_dataset, open_settings, open_tutor
from evals.runner import percentile
from evals.systems import TutorSystem, texts_of
from tutor.embedder import Embedder
from tutor.errors import SetupError
from tutor.types import Answer


@dataclass(frozen=True)
class Timed:
    """One question: the milliseconds of the quoted answer, and the model's answer with its own times."""

    id: str
    quoted: int
    answer: Answer

    @property
    def by_token(self) -> float | None:
        """The time to the first checked sentence over that to the model's first word; None where either is missing."""
        times = self.answer.timings_ms
        return times.first_sentence / times.first_token if times.first_sentence and times.first_token else None


def measure(system: TutorSystem, samples: Sequence[datasets.Sample]) -> list[Timed]:
    """Return the times of ``samples``, asked of both answerers in turn, after two that are not counted.

    Raises `SetupError` where the system has no chat model.
    """
    tutor = system.tutor
    chat = tutor.chat
    if chat is None:
        raise SetupError("The built-in answerer writes nothing. Name a chat model, such as gguf:PATH.")
    found = []
    try:
        for number, sample in enumerate([*samples[:2], *samples]):
            tutor.chat = None
            quoted = _asked(system, sample)
            tutor.chat = chat
            answer = _asked(system, sample)
            if number >= min(2, len(samples)):
                found.append(Timed(sample.id, quoted.timings_ms.total, answer))
    finally:
        tutor.chat = chat
    return found


def _asked(system: TutorSystem, sample: datasets.Sample) -> Answer:
    """Return the answer to a question whose embedding is not remembered from the time before."""
    Embedder.query.cache_clear()
    return system.ask(sample.question, sample.history)


def lines(timed: Sequence[Timed]) -> list[str]:
    """Return the lines to print: each question's times, then the medians and 95th percentiles."""
    said = [f"{'':24} first word  first sentence  ratio  check/sentence  whole / quoted"]
    for one in timed:
        times = one.answer.timings_ms
        said.append(
            f"{one.id[:24]:24} {_ms(times.first_token):>10}  {_ms(times.first_sentence):>14}  {_ratio(one.by_token):>5}"
            f"  {_ms(check_ms(one.answer)):>14}  {_ms(times.total):>6} /{_ms(one.quoted):>7}"
            + (f"  fell back: {one.answer.fallback}" if one.answer.fallback else "")
        )
    figures: dict[str, list[float | int | None]] = {
        "first word, ms": [t.answer.timings_ms.first_token for t in timed],
        "first sentence, ms": [t.answer.timings_ms.first_sentence for t in timed],
        "first sentence / first word": [t.by_token for t in timed],
        "check of a sentence, ms": [check_ms(t.answer) for t in timed],
        "whole answer, ms": [t.answer.timings_ms.total for t in timed],
        "quoted answer, ms": [t.quoted for t in timed],
        "whole / quoted": [t.answer.timings_ms.total / t.quoted if t.quoted else None for t in timed],
    }
    for name, values in figures.items():
        held = [float(value) for value in values if value is not None]
        half, most = _ratio(percentile(held, 0.5)), _ratio(percentile(held, 0.95))
        said.append(f"{name:28} p50 {half:>9}   p95 {most:>9}   ({len(held)})")
    return said


def _ms(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.0f}"


def _ratio(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def main(
    model: Annotated[str, typer.Argument(help="a chat model: provider:model or gguf:PATH")],
    task: Annotated[str, typer.Argument(help="a bundled dataset by name, or a .jsonl or .csv file")] = "",
    course: Annotated[str | None, typer.Option(help="ask this course of yours")] = None,
    sources: Annotated[list[Path] | None, typer.Option(help="ask a course made of these files")] = None,
    most: Annotated[int, typer.Option(help="questions asked")] = 40,
) -> None:
    """Ask and print the times."""
    with (
        open_settings(course) as settings,
        open_tutor(settings.model_copy(update={"model": model}), course, sources or []) as (tutor, asked),
    ):
        samples = datasets.load(find_dataset(task or asked), texts_of(tutor, asked))
        answerable = [sample for sample in samples if sample.answerable][:most]
        typer.echo("\n".join(lines(measure(TutorSystem(tutor, asked), answerable))))


if __name__ == "__main__":
    typer.run(main)
