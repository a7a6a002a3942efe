"""Benchmark: how long an answer takes, against what it cannot do without, measured side by side.

    python -m evals.benchmark evals/sections/corpus evals/sections/questions.jsonl

A course is made of the files; each question is asked warm, and beside each answer the embedding of its question and
the grounder's reading of 32 pairs are timed. The ratio is what a slower or faster machine does not change.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from evals.runner import percentile
from tutor.grounder import InContext
from tutor.settings import Settings
from tutor.tutor import Tutor

PAIRS = 32
COURSE = "benchmark"


def main(
    sources: Annotated[Path, typer.Argument(help="folder of the course's files")],
    questions: Annotated[Path, typer.Argument(help='JSON lines with "question"')],
    most: Annotated[int, typer.Option(help="questions asked")] = 150,
) -> None:
    """Ask and print the times."""
    asked = [json.loads(line)["question"] for line in questions.read_text(encoding="utf-8").splitlines()][:most]
    with tempfile.TemporaryDirectory() as home, Tutor.open(Settings.load(home=Path(home), database_url="")) as tutor:
        tutor.ingest(COURSE, [sources])
        pairs = [
            InContext(text, passage.title)
            for passage in tutor.retrieve(COURSE, asked[0], PAIRS)
            for text in [tutor.source(COURSE, passage.source).text[passage.start : passage.start + 160]]
        ][:PAIRS]
        for question in asked[:5]:
            tutor.ask(COURSE, question)
        answers, floors = [], []
        for question in asked:
            started = perf_counter()
            tutor.ask(COURSE, question)
            between = perf_counter()
            tutor.embedder.query(f"{question} ")
            tutor.grounder.logits(question, pairs)
            answers.append((between - started) * 1000)
            floors.append((perf_counter() - between) * 1000)
    typer.echo(f"{len(asked)} questions, {len(pairs)} pairs")
    typer.echo(f"answer             p50 {percentile(answers, 0.5):6.0f} ms   p95 {percentile(answers, 0.95):6.0f} ms")
    typer.echo(
        f"query + {PAIRS} pairs   p50 {percentile(floors, 0.5):6.0f} ms   p95 {percentile(floors, 0.95):6.0f} ms"
    )
    ratios = [a / f for a, f in zip(answers, floors, strict=True)]
    typer.echo(f"ratio              p50 {statistics.median(ratios):6.2f}      p95 {percentile(ratios, 0.95):6.2f}")


if __name__ == "__main__":
    typer.run(main)
