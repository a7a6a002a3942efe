"""The runner: a dataset asked of a real tutor, its scores, and the floors that decide the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import run

from evals import benchmark, datasets, runner
from evals.datasets import Sample, Turn
from evals.runner import ask_all, failed_gates, summarise
from tutor.tutor import Tutor

COURSE = "great-leap-forward"
LINES = """
{"id": "when", "question": "When did the Great Leap begin?", "evidence": ["1958"], "kind": "d", "answerable": true}
{"id": "moon", "question": "How far away is the moon?", "kind": "offtopic", "answerable": false}
"""


@pytest.fixture
def samples(lesson_tutor: Tutor, tmp_path: Path) -> tuple[Sample, ...]:
    """Two questions on the bundled lesson: one that it answers, one that it does not."""
    (tmp_path / "two.jsonl").write_text(LINES)
    return datasets.load(tmp_path / "two.jsonl", {"lesson.md": lesson_tutor.source(COURSE, "lesson.md").text})


def test_each_question_is_asked_in_order_and_leaves_nothing_behind(
    lesson_tutor: Tutor, samples: tuple[Sample, ...]
) -> None:
    before = lesson_tutor.conversations(COURSE)
    told: list[tuple[int, int]] = []
    outcomes = ask_all(lesson_tutor, COURSE, samples, 3, lambda done, total: told.append((done, total)))
    assert [o.sample.id for o in outcomes] == ["when", "moon"]
    assert [o.answer.refused for o in outcomes] == [False, True]
    assert all(len(o.passages) == 3 for o in outcomes)
    assert told == [(1, 2), (2, 2)]
    assert lesson_tutor.conversations(COURSE) == before


def test_the_history_is_asked_first(lesson_tutor: Tutor) -> None:
    sample = Sample(
        "x", "And when did it end?", (Turn("When did the Great Leap Forward begin?"),), (), (), "followup", True
    )
    (outcome,) = ask_all(lesson_tutor, COURSE, [sample], 1)
    assert "Great Leap Forward" in outcome.answer.standalone_question


def test_scores_are_of_the_questions_that_they_are_defined_for(
    lesson_tutor: Tutor, samples: tuple[Sample, ...]
) -> None:
    scores = summarise(ask_all(lesson_tutor, COURSE, samples, 5), 5)
    assert (scores["questions"], scores["right"], scores["wrongly_refused"]) == (2, 1.0, 0.0)
    assert (scores["refusal_precision"], scores["refusal_recall"], scores["refusal_f1"]) == (1.0, 1.0, 1.0)
    assert scores["facts_matched"] is None
    assert scores["right_by_kind"] == {"d": "1/1", "offtopic": "1/1"}
    assert 0 < scores["latency_p50_ms"] <= scores["latency_p95_ms"]


def test_a_score_below_its_floor_or_undefined_fails(tmp_path: Path) -> None:
    gates = tmp_path / "gates.toml"
    gates.write_text("[a]\nright = 0.5\nmrr = 0.5\nf1 = 0.5\n")
    assert failed_gates({"right": 0.5, "mrr": 0.499, "f1": None}, "a", gates) == [
        "mrr is 0.499, below 0.5",
        "f1 is n/a, below 0.5",
    ]
    assert failed_gates({}, "b", gates) == []


def test_every_floor_is_of_a_dataset_and_a_score_that_exist(lesson_tutor: Tutor, samples: tuple[Sample, ...]) -> None:
    scores = summarise(ask_all(lesson_tutor, COURSE, samples[:1], 5), 5)
    floors = runner.tomllib.loads(runner.GATES.read_text())
    assert set(floors) <= {p.stem for p in runner.DATASETS.glob("*.jsonl")}
    assert {name for of_task in floors.values() for name in of_task} <= set(scores)


@pytest.mark.usefixtures("warm")
def test_a_run_below_its_floors_says_so_and_exits_with_3(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "two.jsonl").write_text(LINES)
    (tmp_path / "gates.toml").write_text("[two]\nright = 1.0\n")
    monkeypatch.setattr(runner, "DATASETS", tmp_path)
    monkeypatch.setattr(runner.failed_gates, "__defaults__", (tmp_path / "gates.toml",))
    lesson = Path(__file__).parents[1] / "knowledge" / COURSE / "lesson.md"
    passed = run("eval", "run", "two", "--sources", lesson)
    assert (passed.status, passed.out.splitlines()[-1]) == (0, "PASS two")
    (tmp_path / "gates.toml").write_text("[two]\nfacts_matched = 0.1\n")
    failed = run("eval", "run", "two", "--sources", lesson)
    assert failed.status == 3
    assert failed.out.splitlines()[-2:] == ["FAIL two", "  facts_matched is n/a, below 0.1"]


def test_the_benchmark_measures_answers_beside_what_they_cannot_do_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# Rain\n\nRain fell in 1951. It spoiled the harvest of that year.\n")
    (tmp_path / "asked.jsonl").write_text('{"question": "When did rain fall?"}\n{"question": "What spoiled it?"}\n')
    benchmark.main(tmp_path / "notes", tmp_path / "asked.jsonl", most=2)
    printed = capsys.readouterr().out
    assert printed.startswith("2 questions, 1 pairs")
    assert "ratio" in printed
