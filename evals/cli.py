"""``tutor eval``: runs the answer-quality evals from the command line."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutor.errors import InputError
from tutor.progress import progress_bar

if TYPE_CHECKING:
    from evals.metrics import Outcome
    from tutor.tutor import Tutor

app = typer.Typer(help="Answer-quality evals. Example: tutor eval run", no_args_is_help=True)


@app.callback()
def evals() -> None:
    """Answer-quality evals: offline and deterministic."""


@app.command()
def run(
    task: Annotated[str, typer.Argument(help="A bundled dataset by name, or a .jsonl file.")] = "great-leap-forward",
    course: Annotated[str | None, typer.Option(help="Ask this course of yours.")] = None,
    sources: Annotated[
        list[Path] | None, typer.Option(help="Ask a course made of these files for this run only.")
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=50, help="Passages that retrieval is scored on.")] = 5,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every question that went wrong.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Ask a dataset's questions and score the answers; exit status 3 below a floor. Example: tutor eval run -v"""
    from evals import datasets, runner

    path = Path(task) if task.endswith(".jsonl") else runner.DATASETS / f"{task}.jsonl"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in runner.DATASETS.glob("*.jsonl")))
        raise InputError(f"There is no dataset {task!r}. Name a .jsonl file or one of: {known}.")
    with _tutor(course, sources or []) as (tutor, asked):
        texts = {s.name: tutor.source(asked, s.name).text for s in tutor.sources(asked)}
        samples = datasets.load(path, texts)
        with progress_bar("Asking") as progress:
            outcomes = runner.ask_all(tutor, asked, samples, k, progress)
    scores = runner.summarise(outcomes, k)
    failures = runner.failed_gates(scores, path.stem) if path.parent == runner.DATASETS else []
    if as_json:
        typer.echo(json.dumps({"task": path.stem, "course": asked, "scores": scores, "failed": failures}))
    else:
        _print(scores)
        if verbose:
            _print_wrong(outcomes)
        typer.echo(f"{'FAIL' if failures else 'PASS'} {path.stem}" + "".join(f"\n  {line}" for line in failures))
    if failures:
        raise typer.Exit(3)


@contextlib.contextmanager
def _tutor(course: str | None, sources: list[Path]) -> Iterator[tuple[Tutor, str]]:
    """Yield a tutor and the course to ask: one of the user's, or one that lives for this run only."""
    from tutor.settings import Settings
    from tutor.tutor import Tutor

    if course and sources:
        raise typer.BadParameter("give either --course or --sources")
    if course:
        with Tutor.open() as tutor:
            yield tutor, course
        return
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tutor-eval-"))
        settings = Settings.load(home=Path(folder), database_url="", chroma_url="")
        tutor = stack.enter_context(Tutor.open(settings))
        if sources:
            tutor.ingest("eval", sources)
        else:
            tutor.warm()
        yield tutor, tutor.courses()[0].id


def _print(scores: dict[str, object]) -> None:
    for name, value in scores.items():
        if isinstance(value, dict):
            typer.echo(f"{name:20} " + "  ".join(f"{kind} {count}" for kind, count in value.items()))
        else:
            shown = "n/a" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
            typer.echo(f"{name:20} {shown}")


def _print_wrong(outcomes: list[Outcome]) -> None:
    from evals.metrics import right

    for outcome in outcomes:
        if not right(outcome):
            wanted = "an answer" if outcome.sample.answerable else "a refusal"
            got = f"refused ({outcome.answer.reason})" if outcome.answer.refused else outcome.answer.answer
            typer.echo(f"- {outcome.sample.id} [{outcome.sample.kind}] {outcome.answer.standalone_question}", err=True)
            typer.echo(f"  wanted {wanted}; got: {got}", err=True)
