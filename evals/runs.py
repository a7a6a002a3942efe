"""Runs: the raw outcomes of a dataset asked of a system, kept so that a run can be resumed and scored again.

A run is a folder: ``run.json`` says what was asked of what, with the gold and the course's texts; ``outcomes.jsonl``
holds one line a question as it was answered, ``scores.json`` what that is worth. Two runs of the same things give the
same ``scores.json``, byte for byte; times and identifiers stay in ``outcomes.jsonl``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

from pydantic import TypeAdapter

from evals.datasets import Sample
from evals.systems import System
from tutor.errors import InputError, TutorError
from tutor.types import Answer

FORMAT = 1
RUN, OUTCOMES, SCORES = "run.json", "outcomes.jsonl", "scores.json"
_SAMPLES = TypeAdapter(list[Sample])


@dataclass(frozen=True)
class Found:
    """A retrieved passage: where it lies."""

    source: str
    start: int
    end: int


@dataclass(frozen=True)
class Outcome:
    """One question as it was answered: the Answer, the passages retrieved in order, and the seconds it took.

    The answer is None where asking failed, which ``error`` tells; ``cold`` says that models may have had to be loaded.
    """

    sample: Sample
    answer: Answer | None
    passages: tuple[Found, ...]
    seconds: float
    error: str = ""
    cold: bool = False


@dataclass(frozen=True)
class Run:
    """What was asked of what: a dataset by its hash, a system by its fingerprint, a course by its sources' versions.

    ``gated`` says that it is a whole task of which ``gates.toml`` may ask something.
    """

    task: str
    dataset: str
    course: str
    sources: Mapping[str, str]
    system: str
    fingerprint: str
    k: int
    gated: bool = False

    @property
    def folder(self) -> str:
        """The name of the folder that keeps the run: another one whenever an answer could differ."""
        return f"{self.task}-{self.system}-{sha256(_dumped(asdict(self)).encode()).hexdigest()[:12]}"


def ask_all(
    system: System,
    samples: Sequence[Sample],
    k: int,
    folder: Path | None = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Outcome]:
    """Return the outcome of each sample in order; what ``folder`` already holds of them is not asked again.

    Each outcome is written as soon as it is there. A question whose asking fails is an outcome with an error, and is
    asked again by the next run.
    """
    kept = read(folder, samples) if folder else {}
    left = [sample for sample in samples if sample.id not in kept]
    done = len(kept)
    progress(done, len(samples))
    for outcome in _asked(system, left, k, jobs):
        kept[outcome.sample.id] = outcome
        _append(folder, outcome)
        progress(done := done + 1, len(samples))
    return [kept[sample.id] for sample in samples]


def _asked(system: System, samples: Sequence[Sample], k: int, jobs: int) -> Iterator[Outcome]:
    """Yield the outcomes as they come, which is in order where one is asked at a time."""
    if jobs == 1:
        yield from (ask(system, k, sample, cold=number == 0) for number, sample in enumerate(samples))
        return
    with ThreadPoolExecutor(jobs) as pool:
        for future in as_completed([pool.submit(ask, system, k, sample) for sample in samples]):
            yield future.result()


def ask(system: System, k: int, sample: Sample, cold: bool = False) -> Outcome:
    """Return the outcome of one question."""
    started = perf_counter()
    try:
        answer = system.ask(sample.question, sample.history)
        seconds = perf_counter() - started
        passages = system.retrieve(answer.standalone_question, k)
    except TutorError as error:
        return Outcome(sample, None, (), perf_counter() - started, str(error), cold)
    return Outcome(sample, answer, tuple(Found(p.source, p.start, p.end) for p in passages), seconds, cold=cold)


def begin(home: Path, run: Run, samples: Sequence[Sample], texts: Mapping[str, str]) -> Path:
    """Return the folder of ``run`` below ``home``, made if need be; it holds all that scoring needs."""
    folder = home / "evals" / run.folder
    folder.mkdir(parents=True, exist_ok=True)
    gold = [asdict(sample) for sample in samples]
    write(folder / RUN, {"format": FORMAT, "run": asdict(run), "samples": gold, "texts": dict(texts)})
    return folder


def load(folder: Path) -> tuple[Run, list[Outcome], dict[str, str]]:
    """Return a kept run: what was asked, the outcomes so far in order, and the course's texts; raises `InputError`."""
    held = _read(folder / RUN)
    samples = _SAMPLES.validate_python(held["samples"])
    outcomes = read(folder, samples, errors=True)
    return Run(**held["run"]), [outcomes[s.id] for s in samples if s.id in outcomes], held["texts"]


def read(folder: Path, samples: Sequence[Sample], errors: bool = False) -> dict[str, Outcome]:
    """Return the outcomes that ``folder`` holds of ``samples``, by id; with ``errors`` also those that failed.

    A line that a crash cut short is none.
    """
    by_id = {sample.id: sample for sample in samples}
    found: dict[str, Outcome] = {}
    for held in lines(folder / OUTCOMES):
        sample = by_id.get(held["id"])
        if sample and (errors or not held["error"]):
            answer = Answer.model_validate(held["answer"]) if held["answer"] else None
            passages = tuple(Found(*place) for place in held["passages"])
            found[sample.id] = Outcome(sample, answer, passages, held["seconds"], held["error"], held["cold"])
    return found


def write(file: Path, what: Mapping[str, Any]) -> None:
    """Write ``what`` as JSON, whole or not at all."""
    beside = file.with_suffix(".part")
    beside.write_text(_dumped(what) + "\n", encoding="utf-8")
    os.replace(beside, file)


def read_scores(path: Path) -> dict[str, Any]:
    """Return the scores of a run, given its folder or its ``scores.json``; raises `InputError`."""
    return _read(path / SCORES if path.is_dir() else path)


def _read(file: Path) -> dict[str, Any]:
    try:
        held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read ({error}). Name the folder of a finished run.") from None
    if held.get("format") != FORMAT:
        raise InputError(f"{file} was written by another version of the evals. Run them again.")
    return held


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield what the lines of ``file`` hold, if there is one; a line that a crash cut short is none."""
    for line in file.read_bytes().split(b"\n") if file.exists() else ():  # a text may hold U+2028, a cut half a letter
        try:
            yield json.loads(line)
        except ValueError:
            continue


def append(file: Path, line: Mapping[str, Any]) -> None:
    """Write ``line`` as JSON at the end of ``file``; one that a crash cut short stays a line of its own."""
    with file.open("a+b") as held:
        if held.tell() and not _ends_a_line(held):
            held.write(b"\n")
        # What a model writes may hold half of a surrogate pair.
        held.write(json.dumps(line, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass") + b"\n")


def _append(folder: Path | None, outcome: Outcome) -> None:
    if folder is None:
        return
    line = {
        "id": outcome.sample.id,
        "answer": outcome.answer and outcome.answer.model_dump(mode="json"),
        "passages": [[p.source, p.start, p.end] for p in outcome.passages],
        "seconds": outcome.seconds,
        "error": outcome.error,
        "cold": outcome.cold,
    }
    append(folder / OUTCOMES, line)


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _dumped(what: Mapping[str, Any]) -> str:
    return json.dumps(what, ensure_ascii=False, indent=1)
