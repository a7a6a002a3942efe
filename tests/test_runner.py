"""The runner from the command line: what it asks, what it says, and the floors that decide the exit status."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from commandline import run

from evals import benchmark, gates, metrics, runner, runs, summary
from tutor.tutor import Tutor

COURSE = "great-leap-forward"
LESSON = Path(__file__).parents[1] / "knowledge" / COURSE / "lesson.md"
LINES = """
{"id": "when", "question": "When did the Great Leap begin?", "evidence": ["1958"], "kind": "d", "answerable": true}
{"id": "moon", "question": "How far away is the moon?", "kind": "offtopic", "answerable": false}
{"id": "said", "question": "When did Mao Zedong die?", "evidence": ["Key dates"], "kind": "d", "answerable": true}
"""

pytestmark = pytest.mark.usefixtures("home", "warm")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three questions on the bundled lesson, of which the last one has a gold that nobody would cite."""
    (tmp_path / "three.jsonl").write_text(LINES)
    return tmp_path / "three.jsonl"


def kept(printed: str) -> Path:
    """Return the folder that a run says it is kept in."""
    return Path(next(line.split(maxsplit=2)[2] for line in printed.splitlines() if line.startswith("kept in")))


def test_a_run_says_what_it_measured_and_keeps_it(dataset: Path) -> None:
    ran = run("eval", "run", dataset, "--sources", LESSON, "-v")
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "PASS three")
    assert "right                0.667  [0.208, 0.939]  (3)" in ran.out
    assert "facts_stated         n/a" in ran.out
    assert "right_by_kind        d 1/2  offtopic 1/1" in ran.out
    assert ran.err.splitlines()[0] == "- said [d] When did Mao Zedong die?"
    scores = runs.read_scores(kept(ran.out))
    assert [question["outcome"] for question in scores["questions"]] == ["right", "right", "wrong"]


def test_a_second_run_says_the_same_and_its_scores_are_the_same_bytes(dataset: Path) -> None:
    first = kept(run("eval", "run", dataset, "--sources", LESSON).out)
    held = (first / runs.SCORES).read_bytes()
    again = run("eval", "run", dataset, "--sources", LESSON, "--fresh", "--repeat", "2", "-j", "2")
    assert kept(again.out) == first
    assert again.err == ""
    assert (first / runs.SCORES).read_bytes() == held


def test_several_tasks_run_one_after_another_and_the_worst_verdict_counts(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(LINES.splitlines()[1])
    both = run("eval", "run", dataset, other, "--sources", LESSON)
    assert (both.status, both.err) == (0, "")
    assert [line for line in both.out.splitlines() if "PASS" in line] == ["PASS three", "PASS other"]
    lines = run("eval", "run", dataset, other, "--sources", LESSON, "--json").out.splitlines()
    assert [json.loads(line)["task"] for line in lines] == ["three", "other"]
    verdicts = iter([gates.Verdict(failed=("below",)), gates.Verdict()])
    monkeypatch.setattr(gates, "judge", lambda scores: next(verdicts))
    assert run("eval", "run", dataset, other, "--sources", LESSON).status == 3


def test_the_problems_of_all_tasks_are_told_before_any_is_asked(dataset: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.jsonl").write_text('{"question": "?", "kind": "d", "answerable": true}\n')
    ran = run("eval", "run", dataset, tmp_path / "one.jsonl", tmp_path / "two.jsonl", "--sources", LESSON)
    assert (ran.status, ran.out) == (1, "")
    assert "one.jsonl:1: is answerable but has no evidence; two.jsonl:1: is answer" in ran.err


def test_a_part_of_the_questions_can_be_asked(dataset: Path) -> None:
    folder = kept(run("eval", "run", dataset, "--sources", LESSON).out)
    for options, asked in [(("--only", "d"), 2), (("--limit", "1"), 1), (("--failing", str(folder)), 1)]:
        found = json.loads(run("eval", "run", dataset, "--sources", LESSON, "--json", *options).out)
        assert found["summary"]["questions"] == asked
    assert "The kinds are: d, offtopic" in run("eval", "run", dataset, "--sources", LESSON, "--only", "x").complaint


def test_a_run_is_written_as_page_sheet_and_xml_and_in_other_shapes(dataset: Path, tmp_path: Path) -> None:
    folder = kept(run("eval", "run", dataset, "--sources", LESSON).out)
    page, sheet, xml, rows = (tmp_path / f"r.{ending}" for ending in ("html", "csv", "xml", "jsonl"))
    for path in (page, sheet, xml):
        assert run("eval", "report", folder, "--out", path).status == 0
    assert run("eval", "export", folder, "--as", "deepeval", "--out", rows).status == 0
    assert "When did Mao Zedong die?" in page.read_text(encoding="utf-8")
    assert sheet.read_text(encoding="utf-8").count("\n") >= 4
    assert ElementTree.fromstring(xml.read_text(encoding="utf-8"))[0].get("failures") == "1"
    assert len(rows.read_text(encoding="utf-8").splitlines()) == 3
    assert run("eval", "report", folder, "--out", tmp_path / "r.doc").status == 2
    assert run("eval", "export", folder, "--as", "other", "--out", rows).status == 2


def test_two_runs_are_compared(dataset: Path) -> None:
    tutor = kept(run("eval", "run", dataset, "--sources", LESSON).out)
    nearest = kept(run("eval", "run", dataset, "--sources", LESSON, "--system", "nearest-sentence").out)
    found = run("eval", "compare", tutor, nearest)
    assert found.status == 0
    assert "1 went wrong: moon" in found.out
    assert "3 questions are too few to show any difference." in found.out
    other = kept(run("eval", "run", dataset, "--sources", LESSON, "--limit", "1").out)
    assert "differ in their dataset" in run("eval", "compare", tutor, other).complaint
    assert json.loads(run("eval", "compare", tutor, other, "--anyway", "--json").out)["questions"] == 1


def test_what_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    assert "There is no dataset 'nothing'" in run("eval", "run", "nothing").complaint
    assert "cannot be read" in run("eval", "compare", tmp_path, tmp_path).complaint
    assert run("eval", "run", "--system", "oracle").status == 2


def test_a_run_below_its_floors_says_so_and_exits_with_3(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "DATASETS", tmp_path)
    monkeypatch.setattr(gates.judge, "__defaults__", (tmp_path / "gates.toml", tmp_path))
    (tmp_path / "gates.toml").write_text("[three]\nright = 0.6\n")
    assert run("eval", "run", "three", "--sources", LESSON).status == 0
    (tmp_path / "gates.toml").write_text("[three]\nfacts_stated = 0.1\n")
    failed = run("eval", "run", "three", "--sources", LESSON)
    assert failed.status == 3
    assert failed.out.splitlines()[-2:] == ["FAIL three", "  facts_stated is n/a, below 0.1"]
    assert run("eval", "score", kept(failed.out)).status == 3
    assert run("eval", "run", dataset, "--sources", LESSON, "--limit", "1").status == 0


def test_every_floor_is_of_a_dataset_and_a_metric_that_exist() -> None:
    floors = tomllib.loads(gates.GATES.read_text())
    known = {*metrics.standard(5, {}), *summary.refusal([]), "pairs_right", "most_errors", "no_drop"}
    assert set(floors) <= {p.stem for p in runner.DATASETS.glob("*.jsonl")}
    assert {name for of_task in floors.values() for name in of_task} <= known


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


def test_a_task_of_ones_own_takes_a_few_lines(lesson_tutor: Tutor, dataset: Path) -> None:
    from evals import datasets
    from evals.metrics import Score
    from evals.runner import Task
    from evals.systems import TutorSystem

    texts = {"lesson.md": lesson_tutor.source(COURSE, "lesson.md").text}
    short = {"right": metrics.right, "short": lambda outcome: Score(float(len(metrics.answered(outcome).answer) < 400))}
    task = Task("mine", datasets.load(dataset, texts), TutorSystem(lesson_tutor, COURSE), short, COURSE, texts)
    assert runner.run(task).scores["summary"]["metrics"]["short"]["value"] == 1.0
