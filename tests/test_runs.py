"""Runs: what is kept of one, that it survives being cut short, and that the same answers give the same file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from commandline import run

from evals import metrics, runner, runs
from evals.datasets import Sample, Span, Turn
from evals.runner import Task
from evals.runs import OUTCOMES, SCORES
from tutor.errors import InputError, NotReady
from tutor.types import Answer, Passage, Timings

SAMPLES = [
    Sample(name, f"{name}?", (Turn("Before?"),), (), ((Span("a.md", 0, 4),),), "fact", True)
    for name in ("one", "two", "three")
]
TEXTS = {"a.md": "Rain fell."}


class Echo:
    """A system that repeats the question, and breaks where it is told to."""

    name = "echo"

    def __init__(self, breaks: str = "", dies: str = "") -> None:
        self.breaks, self.dies, self.asked = breaks, dies, list[str]()

    def fingerprint(self) -> str:
        return "the same"

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        self.asked.append(question)
        if question == self.dies:
            raise KeyboardInterrupt
        if question == self.breaks:
            raise NotReady("It is broken. Mend it.")
        return Answer(
            question=question, standalone_question=question, answer=f"{len(self.asked)}", refused=False, reason=None,
            claims=(), citations=(), nearest=(), suggestions=(), course="c", conversation=f"c_{len(self.asked)}",
            answerer="echo", prompts=(), timings_ms=Timings(total=len(self.asked)),
        )  # fmt: skip

    def retrieve(self, question: str, k: int) -> tuple[Passage, ...]:
        return (Passage("a.md", "v", "A", 0, 10, (), ()),)[:k]


def task(system: Echo, samples: Sequence[Sample] = SAMPLES) -> Task:
    return Task("some", samples, system, metrics.standard(1, TEXTS), "c", TEXTS, 1)


def test_a_finished_run_is_not_asked_again(tmp_path: Path) -> None:
    first = runner.run(task(Echo()), tmp_path)
    again = Echo()
    second = runner.run(task(again), tmp_path)
    assert again.asked == []
    assert second.scores == first.scores
    assert [o.answer for o in second.outcomes] == [o.answer for o in first.outcomes]


def test_a_fresh_run_asks_everything(tmp_path: Path) -> None:
    runner.run(task(Echo()), tmp_path)
    again = Echo()
    runner.run(task(again), tmp_path, fresh=True)
    assert again.asked == ["one?", "two?", "three?"]


def test_a_run_that_was_killed_goes_on_and_gives_the_same_scores(tmp_path: Path) -> None:
    whole = runner.run(task(Echo()), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        runner.run(task(Echo(dies="two?")), tmp_path / "killed")
    again = Echo()
    resumed = runner.run(task(again), tmp_path / "killed")
    assert again.asked == ["two?", "three?"]
    assert whole.folder and resumed.folder
    assert (whole.folder / SCORES).read_bytes() == (resumed.folder / SCORES).read_bytes()


def test_a_line_that_a_crash_cut_short_is_asked_again(tmp_path: Path) -> None:
    first = runner.run(task(Echo()), tmp_path)
    assert first.folder
    held = (first.folder / OUTCOMES).read_bytes()
    (first.folder / OUTCOMES).write_bytes(held[:-40])
    again = Echo()
    second = runner.run(task(again), tmp_path)
    assert again.asked == ["three?"]
    assert second.scores == first.scores
    assert len(runs.read(first.folder, SAMPLES)) == 3


def test_a_line_that_a_crash_cut_inside_a_letter_is_asked_again(tmp_path: Path) -> None:
    file = tmp_path / OUTCOMES
    file.write_bytes('{"id": "one", "error": "“"}\n{"id": "two", "error": "“'.encode()[:-1])
    assert [line["id"] for line in runs.lines(file)] == ["one"]
    assert list(runs.lines(tmp_path / "nothing")) == []


def test_a_line_separator_inside_an_answer_does_not_cut_its_line(tmp_path: Path) -> None:
    odd = [Sample("odd", "Why\u2028then?", (), (), (), "fact", False)]
    first = runner.run(task(Echo(), odd), tmp_path)
    again = Echo()
    assert runner.run(task(again, odd), tmp_path).scores == first.scores
    assert again.asked == []


def test_a_question_that_cannot_be_asked_is_an_error_and_the_others_are_asked(tmp_path: Path) -> None:
    finished = runner.run(task(Echo(breaks="two?")), tmp_path)
    assert [q["outcome"] for q in finished.scores["questions"]] == ["wrong", "error", "wrong"]
    assert finished.scores["questions"][1]["why"] == "It is broken. Mend it."
    assert (finished.scores["summary"]["questions"], finished.scores["summary"]["errors"]) == (2, 1)
    mended = Echo()
    assert runner.run(task(mended), tmp_path).scores["summary"]["errors"] == 0
    assert mended.asked == ["two?"]


def test_several_at_a_time_give_the_same_scores_in_the_same_order(tmp_path: Path) -> None:
    one, many = runner.run(task(Echo()), tmp_path / "1"), runner.run(task(Echo()), tmp_path / "2", jobs=3)
    assert one.folder and many.folder
    assert (one.folder / SCORES).read_bytes() == (many.folder / SCORES).read_bytes()


def test_another_dataset_or_course_is_another_run(tmp_path: Path) -> None:
    folders = {
        runner.run(task(Echo(), samples), tmp_path).folder for samples in (SAMPLES, SAMPLES[:2], SAMPLES[1:])
    } | {runner.run(Task("some", SAMPLES, Echo(), {"right": metrics.right}, "c", {"a.md": "Hail."}), tmp_path).folder}
    assert len(folders) == 4


def test_a_kept_run_can_be_scored_again_without_asking(tmp_path: Path) -> None:
    finished = runner.run(task(Echo()), tmp_path)
    assert finished.folder
    before = (finished.folder / SCORES).read_bytes()
    (finished.folder / SCORES).unlink()
    scored = run("eval", "score", finished.folder)
    assert (scored.status, scored.out.splitlines()[-1]) == (0, "PASS some")
    assert (finished.folder / SCORES).read_bytes() == before


def test_the_first_answer_is_the_cold_one_and_is_timed_apart() -> None:
    finished = runner.run(task(Echo()))
    assert [outcome.cold for outcome in finished.outcomes] == [True, False, False]
    times = runner.latency(finished.outcomes)
    assert times["latency_cold_ms"] == pytest.approx(finished.outcomes[0].seconds * 1000, abs=1e-5)
    assert times["latency_max_ms"] == pytest.approx(max(o.seconds for o in finished.outcomes[1:]) * 1000, abs=1e-5)
    assert runner.latency([])["latency_p50_ms"] is None


@pytest.mark.parametrize(
    ("values", "share", "value"),
    [([4, 1, 3, 2, 5], 0.5, 3), ([1, 2, 3, 4, 5], 0.95, 4.8), ([1, 2], 0.5, 1.5), ([7], 0.95, 7), ([], 0.5, None)],
)
def test_a_percentile_lies_between_its_neighbours(values: list[float], share: float, value: float | None) -> None:
    assert runner.percentile(values, share) == (value if value is None else pytest.approx(value))


def test_what_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scores\.json cannot be read .*Name the folder of a finished run"):
        runs.read_scores(tmp_path)
    (tmp_path / SCORES).write_text('{"format": 0}')
    with pytest.raises(InputError, match="was written by another version of the evals"):
        runs.read_scores(tmp_path)
