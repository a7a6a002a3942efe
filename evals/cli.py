"""``tutor eval``: runs the answer-quality evals from the command line."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tutor.errors import InputError
from tutor.progress import progress_bar

if TYPE_CHECKING:
    from evals.datasets import Sample
    from evals.runner import Finished, Task
    from tutor.settings import Settings
    from tutor.tutor import Tutor

app = typer.Typer(help="Answer-quality evals. Example: tutor eval run", no_args_is_help=True)

RunFolder = Annotated[Path, typer.Argument(help="The folder of a run.")]
RunScores = Annotated[Path, typer.Argument(help="The folder of a run, or its scores.json.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print every question that went wrong.")]


@app.callback()
def evals() -> None:
    """Answer-quality evals: offline and deterministic."""


@app.command()
def run(
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="TASK", help="Bundled datasets by name, or .jsonl or .csv files.")
    ] = None,
    course: Annotated[str | None, typer.Option(help="Ask this course of yours.")] = None,
    sources: Annotated[
        list[Path] | None, typer.Option(help="Ask a course made of these files for this run only.")
    ] = None,
    system: Annotated[
        str, typer.Option(help="What is asked: tutor, nearest-sentence, bm25-sentence or stuffed-chunks.")
    ] = "tutor",
    answerer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL", help="Who phrases answers: quotes, provider:model or gguf:PATH. Name several to compare."
        ),
    ] = None,
    price: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="IN OUT", min=0, help="What a million tokens read and written cost, in dollars."),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=50, help="Passages that retrieval is scored on.")] = 5,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask the first so many questions.")] = None,
    only: Annotated[str | None, typer.Option(help="Ask the questions of this kind.")] = None,
    failing: Annotated[Path | None, typer.Option(help="Ask what this run had not right.")] = None,
    repeat: Annotated[int, typer.Option(min=1, max=20, help="Ask so often, and say which answers differ.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=16, help="Questions asked at a time.")] = 1,
    fresh: Annotated[bool, typer.Option(help="Ask again what an interrupted or earlier run has asked.")] = False,
    verbose: Verbose = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the questions of one dataset or several and score the answers. Example: tutor eval run -v

    Without a TASK the bundled ones are asked. Exit status: 0 passed, 3 below a gate, 4 too many errors, 2 wrong usage,
    1 any other failure; of several tasks the worst counts.
    """
    from evals import metrics, runner, systems
    from tutor.chat import open_chat
    from tutor.settings import Settings

    paths = [find_dataset(task) for task in tasks] if tasks else sorted(runner.DATASETS.glob("*.jsonl"))
    if system not in systems.NAMES:
        raise typer.BadParameter(f"there is no system {system!r}; there are: {', '.join(systems.NAMES)}")
    named = _answerers(system, answerer or [])
    if course and sources:
        raise typer.BadParameter("give either --course or --sources")
    home = Settings.load().home
    statuses: list[int] = []
    kept: list[list[tuple[str, Finished]]] = [[] for _ in paths]
    with open_settings(course) as settings:
        for model in named[1:] if system == "tutor" else ():
            open_chat(settings.model_copy(update={"model": model}))  # what is missing is said before anything is asked
        for model in named or [settings.model]:
            answers = model if system == "tutor" else systems.QUOTES
            with open_tutor(settings.model_copy(update={"model": answers}), course, sources or []) as (tutor, asked):
                texts = systems.texts_of(tutor, asked)
                # All of them, before anything is asked.
                chosen = [_chosen(samples, only, failing, limit) for samples in _loaded(paths, texts)]
                under_test = systems.open_system(system, tutor, asked, model)
                whole = system == "tutor" and answers == systems.QUOTES and not (only or failing or limit)
                who = tutor.chat.name if tutor.chat else model
                for path, samples, together in zip(paths, chosen, kept, strict=True):
                    work = runner.Task(
                        name=path.stem,
                        dataset=samples,
                        system=under_test,
                        metrics=metrics.standard(k, texts),
                        course=asked,
                        texts=texts,
                        k=k,
                        gated=whole and path.parent == runner.DATASETS,
                    )
                    finished = _asked(work, home, jobs, fresh, repeat)
                    together.append((who, finished))
                    statuses.append(_tell(finished, verbose, as_json, price or settings.prices, who if named else ""))
    if len(named) > 1:
        for together in kept:
            _tell_apart(together, as_json, price or settings.prices)
    _end(statuses)


@app.command()
def score(folder: RunFolder, verbose: Verbose = False, as_json: JsonOption = False) -> None:
    """Score a run again without asking. Example: tutor eval score RUN"""
    from evals import metrics, runner, runs

    asked, outcomes, texts = runs.load(folder)
    finished = runner.score(asked, outcomes, metrics.standard(asked.k, texts), folder)
    _end([_tell(finished, verbose, as_json)])


@app.command()
def judge(
    folder: RunFolder,
    model: Annotated[str, typer.Option(metavar="PROVIDER:MODEL", help="The chat model that judges.")],
    repeat: Annotated[int, typer.Option(min=1, max=20, help="Judge each answer so often.")] = 2,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=16, help="Calls at a time.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Let a chat model judge a kept run; no gate reads it. Example: tutor eval judge RUN --model ollama:llama3.2"""
    from dataclasses import asdict

    from evals import judge
    from tutor.chat import chat_model
    from tutor.settings import Settings

    asked = chat_model(model, Settings.load().model_url)
    with progress_bar("Judging") as progress:
        judged = judge.judge(folder, asked, model, repeat, jobs, progress)
    typer.echo(json.dumps(asdict(judged)) if as_json else "\n".join(judge.lines(judged)))


@app.command()
def report(
    folder: RunFolder,
    out: Annotated[Path | None, typer.Option(help="Where to: report.html in the run's folder, if left out.")] = None,
) -> None:
    """Write a run as an HTML page, a .csv or a JUnit .xml file. Example: tutor eval report RUN --out report.html"""
    from evals import gates, report, runs

    asked, outcomes, texts = runs.load(folder)
    scores = runs.read_scores(folder)
    if [question["id"] for question in scores["questions"]] != [outcome.sample.id for outcome in outcomes]:
        raise InputError(f"The scores in {folder} are not of all that was asked. First: tutor eval score {folder}")
    path = out or folder / "report.html"
    match path.suffix:
        case ".html":
            written = report.render(asked, outcomes, scores, texts, gates.judge(scores))
        case ".csv":
            written = report.as_csv(outcomes, scores)
        case ".xml":
            written = report.as_junit(asked, outcomes, scores)
        case _:
            raise typer.BadParameter("name a .html, .csv or .xml file")
    _put(path, written)
    typer.echo(path)


@app.command()
def compare(
    before: RunScores,
    after: RunScores,
    anyway: Annotated[bool, typer.Option(help="Although they asked other questions or another course.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what two runs differ in, and whether it is more than chance. Example: tutor eval compare RUN1 RUN2"""
    from evals import comparison, runs

    found = comparison.compare(runs.read_scores(before), runs.read_scores(after), anyway)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for name, metric in found["metrics"].items():
        if metric["n"]:
            typer.echo(
                f"{name:20} {metric['before']:.3f} → {metric['after']:.3f}  {metric['difference']:+.3f}"
                f"  p = {metric['p']:.3f}  ({metric['n']})"
            )
    least = found["smallest_difference"]
    if least is None:
        typer.echo(f"{found['questions']} questions are too few to show any difference.")
    else:
        typer.echo(f"{found['questions']} questions can show a difference of {least:.3f} or more.")
    for said, ids in (("went wrong", found["went_wrong"]), ("came right", found["came_right"])):
        typer.echo(f"{len(ids)} {said}{': ' if ids else ''}{', '.join(ids)}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A RAGAS or DeepEval dataset: JSON lines, or one JSON array.")],
    out: Annotated[Path, typer.Option(help="The .jsonl file to write.")],
) -> None:
    """Turn a RAGAS or DeepEval dataset into one of ours. Example: tutor eval import goldens.json --out mine.jsonl"""
    from evals.exchange import imported

    _write(out, imported(file))
    typer.echo(
        f"{out} is written. Its contexts must stand in the course word by word: tutor eval run {out} says which."
    )


@app.command()
def export(
    folder: RunFolder,
    out: Annotated[Path, typer.Option(help="The .jsonl file to write.")],
    shape: Annotated[str, typer.Option("--as", help="ragas or deepeval.")] = "ragas",
) -> None:
    """Write a run in the shape of RAGAS or DeepEval. Example: tutor eval export RUN --as ragas --out rows.jsonl"""
    from evals import exchange, runs

    if shape not in exchange.NAMES:
        raise typer.BadParameter(f"there is no shape {shape!r}; there are: {', '.join(exchange.NAMES)}")
    _, outcomes, texts = runs.load(folder)
    _write(out, exchange.exported(outcomes, texts, shape))


@app.command()
def new(
    course: Annotated[str, typer.Argument(help="The course to draft questions on.")],
    out: Annotated[Path | None, typer.Option(help="Where to: a .csv for a spreadsheet, or a .jsonl file.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Questions at most.")] = 30,
) -> None:
    """Draft a dataset from a course, for you to correct. Example: tutor eval new world-history"""
    from evals.draft import as_lines, as_sheet, draft
    from tutor.tutor import Tutor

    path = out or Path(f"{course}.csv")
    if path.suffix not in (".csv", ".jsonl"):
        raise typer.BadParameter("name a .csv or .jsonl file")
    _free(path)
    with Tutor.open() as tutor:
        drafted = draft(tutor.index(course), most)
    if not drafted:
        raise InputError(f"No question could be drafted from {course!r}: write some yourself, see evals/README.md.")
    _write(path, as_sheet(drafted) if path.suffix == ".csv" else as_lines(drafted))
    typer.echo(f"{len(drafted)} questions in {path}. Correct them, add some that the course does not answer, then:")
    typer.echo(f"tutor eval run {path} --course {course}")


def _write(path: Path, text: str) -> None:
    _free(path)
    _put(path, text)


def _put(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}). Name another file.") from None


def _free(path: Path) -> None:
    if path.exists():
        raise InputError(f"{path} exists already, and what you changed in it is not overwritten. Name another file.")


def find_dataset(task: str) -> Path:
    """Return the file of a bundled dataset, or the one that ``task`` names; raises `InputError`."""
    from evals.runner import DATASETS

    path = Path(task) if Path(task).suffix in (".jsonl", ".csv") else DATASETS / f"{task}.jsonl"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in DATASETS.glob("*.jsonl")))
        raise InputError(f"There is no dataset {task!r}. Name a .jsonl or .csv file, or one of: {known}.")
    return path


def _loaded(paths: Sequence[Path], texts: Mapping[str, str]) -> list[tuple[Sample, ...]]:
    """Return the samples of each dataset; raises `InputError` with the problems of all of them."""
    from evals import datasets

    loaded, problems = [], []
    for path in paths:
        try:
            loaded.append(datasets.load(path, texts))
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("; ".join(problems))
    return loaded


def _chosen(samples: Sequence[Sample], only: str | None, failing: Path | None, limit: int | None) -> list[Sample]:
    """Return the samples that are to be asked; raises `InputError` where none is."""
    from evals import runs

    chosen = [sample for sample in samples if only is None or sample.kind == only]
    if failing:
        right = {q["id"] for q in runs.read_scores(failing)["questions"] if q["outcome"] == "right"}
        chosen = [sample for sample in chosen if sample.id not in right]
    if not chosen:
        kinds = ", ".join(sorted({sample.kind for sample in samples}))
        raise InputError(f"No question is left to ask. The kinds are: {kinds}.")
    return chosen[:limit]


def _asked(work: Task, home: Path, jobs: int, fresh: bool, repeat: int) -> Finished:
    """Return a task asked and kept below ``home``; answers that differ when it is asked again are told."""
    from evals import runner

    with progress_bar(f"Asking {work.name}") as progress:
        finished = runner.run(work, home, jobs, fresh, progress)
    for _ in range(repeat - 1):
        _same_answers(finished, runner.run(work, jobs=jobs))
    return finished


def _same_answers(first: Finished, again: Finished) -> None:
    """Say which answers of a repeated run differ."""
    for one, other in zip(first.outcomes, again.outcomes, strict=True):
        if (one.answer and one.answer.answer) != (other.answer and other.answer.answer):
            typer.echo(f"{one.sample.id} was answered differently when asked again.", err=True)


def _answerers(system: str, named: list[str]) -> list[str]:
    """Return who shall phrase the answers of ``system``, as named; raises BadParameter where that makes no sense."""
    if system == "stuffed-chunks" and len(named) != 1:
        raise typer.BadParameter("--system stuffed-chunks needs one --answerer, the chat model that it asks")
    if system not in ("tutor", "stuffed-chunks") and named:
        raise typer.BadParameter(f"--system {system} needs no --answerer: it quotes")
    if len(set(named)) < len(named):
        raise typer.BadParameter("name each --answerer once; to ask one several times there is --repeat")
    return named


@contextlib.contextmanager
def open_settings(course: str | None) -> Iterator[Settings]:
    """Yield the settings of a tutor: the user's, or without a ``course`` of theirs those of one for this run only."""
    from tutor.settings import Settings

    if course:
        yield Settings.load()
        return
    with tempfile.TemporaryDirectory(prefix="tutor-eval-") as folder:
        yield Settings.load(home=Path(folder), database_url="", chroma_url="")


@contextlib.contextmanager
def open_tutor(settings: Settings, course: str | None, sources: list[Path]) -> Iterator[tuple[Tutor, str]]:
    """Yield a tutor and the course to ask: ``course``, or else one made of ``sources``, or else the bundled one."""
    from tutor.tutor import Tutor

    with Tutor.open(settings) as tutor:
        if course:
            yield tutor, course
            return
        if sources:
            tutor.ingest("eval", sources)
        else:
            tutor.warm()
        yield tutor, tutor.courses()[0].id


def _tell(
    finished: Finished, verbose: bool, as_json: bool, price: tuple[float, float] | None = None, answerer: str = ""
) -> int:
    """Print the scores and the verdict, and return the verdict's exit status."""
    from evals.gates import judge
    from evals.runner import latency, usage

    scores = finished.scores
    verdict = judge(scores)
    failed = [line for line in (*verdict.failed, verdict.errors) if line]
    times, spent = latency(finished.outcomes), usage(finished.outcomes, price)
    task = scores["run"]["task"]
    if as_json:
        summary = scores["summary"] | {"latency": times, "usage": spent}
        about = {"task": task} | ({"answerer": answerer} if answerer else {})
        typer.echo(json.dumps(about | {"run": scores["run"], "summary": summary, "failed": failed}))
    else:
        if answerer:
            typer.echo(f"{'answerer':20} {answerer}")
        _print(scores["summary"], times, spent)
        if verbose:
            _print_wrong(scores["questions"], finished)
        if finished.folder:
            typer.echo(f"kept in              {finished.folder}")
        typer.echo(f"{verdict.word} {task}" + "".join(f"\n  {line}" for line in failed))
    return verdict.status


def _tell_apart(runs: list[tuple[str, Finished]], as_json: bool, price: tuple[float, float] | None) -> None:
    """Print the runs of one task by several answerers beside one another, and write them as a page."""
    from evals import answerers

    found = answerers.beside(runs, price)
    folder = runs[-1][1].folder
    assert folder
    path = folder / "answerers.html"
    _put(path, answerers.render(found))
    if as_json:
        typer.echo(json.dumps(found | {"page": str(path)}))
    else:
        typer.echo("\n".join(["", *answerers.lines(found), str(path)]))


def _end(statuses: Sequence[int]) -> None:
    """End with the worst of the verdicts' exit statuses."""
    if worst := max(statuses):
        raise typer.Exit(worst)


def _print(summary: Mapping[str, Any], times: Mapping[str, float | None], spent: Mapping[str, float | None]) -> None:
    typer.echo(f"{'questions':20} {summary['questions']}, and {summary['errors']} errors")
    for name, found in summary["metrics"].items():
        typer.echo(f"{name:20} {_said(found)}")
    for name, value in times.items():
        typer.echo(f"{name:20} {'n/a' if value is None else format(value, '.0f')}")
    for name, value in spent.items():
        typer.echo(f"{name:20} {'n/a: see --price' if value is None else format(value, '.4g')}")
    for by in ("right_by_kind", "right_by_history"):
        if summary[by]:
            typer.echo(f"{by:20} " + "  ".join(f"{kind} {_share(found)}" for kind, found in summary[by].items()))


def _said(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "n/a"
    interval = f"  [{found['low']:.3f}, {found['high']:.3f}]" if "low" in found else ""
    return f"{found['value']:.3f}{interval}  ({found['n']})"


def _share(found: Mapping[str, Any]) -> str:
    return f"{round(found['value'] * found['n'])}/{found['n']}"


def _print_wrong(questions: Sequence[Mapping[str, Any]], finished: Finished) -> None:
    for question, outcome in zip(questions, finished.outcomes, strict=True):
        if question["outcome"] != "right":
            sample, answer = outcome.sample, outcome.answer
            said = answer.answer if answer else outcome.error
            asked = answer.standalone_question if answer else sample.question
            typer.echo(f"- {sample.id} [{sample.kind}] {asked}", err=True)
            typer.echo(f"  {question['outcome']}: {question['why']}; got: {said}", err=True)
