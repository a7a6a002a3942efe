"""Exchange: what goes out to RAGAS and DeepEval, and what comes in from them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commandline import run

from evals import datasets
from evals.datasets import Sample, Span
from evals.exchange import NAMES, Shape, exported, imported
from evals.runs import Found, Outcome
from tutor.errors import InputError
from tutor.types import Answer, Timings

TEXTS = {"a.md": "Rain fell. Hail fell."}
ANSWER = Answer(
    question="Why?", standalone_question="Why?", answer="Rain fell [1].", refused=False, reason=None, claims=(),
    citations=(), nearest=(), suggestions=(), course="c", conversation="c_1", answerer="quotes", prompts=(),
    timings_ms=Timings(),
)  # fmt: skip
OUTCOMES = [
    Outcome(
        Sample("1", "Why?", (), (), ((Span("a.md", 0, 10), Span("a.md", 0, 4)),), "why", True),
        ANSWER, (Found("a.md", 0, 21),), 0.1,
    ),
    Outcome(Sample("2", "Who?", (), (), (), "fact", False), None, (), 0.1, "It broke."),
]  # fmt: skip


def test_a_run_goes_out_as_ragas_samples() -> None:
    first, second = map(json.loads, exported(OUTCOMES, TEXTS, "ragas").splitlines())
    assert first == {
        "user_input": "Why?",
        "response": "Rain fell [1].",
        "reference": "Rain fell.",
        "reference_contexts": ["Rain fell."],
        "retrieved_contexts": ["Rain fell. Hail fell."],
    }
    assert (second["response"], second["reference_contexts"]) == (None, [])


def test_a_run_goes_out_as_deepeval_goldens() -> None:
    first = json.loads(exported(OUTCOMES, TEXTS, "deepeval").splitlines()[0])
    assert set(first) == {"input", "actual_output", "expected_output", "context", "retrieval_context"}
    assert (first["input"], first["context"]) == ("Why?", ["Rain fell."])


@pytest.mark.parametrize("shape", list(NAMES))
@pytest.mark.parametrize("array", [True, False])
def test_what_went_out_comes_in_as_a_dataset(shape: Shape, array: bool, tmp_path: Path) -> None:
    lines = exported(OUTCOMES, TEXTS, shape)
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps([json.loads(line) for line in lines.splitlines()]) if array else lines)
    (tmp_path / "mine.jsonl").write_text(imported(rows))
    why, who = datasets.load(tmp_path / "mine.jsonl", TEXTS)
    assert (why.question, why.evidence, why.answerable) == ("Why?", ((Span("a.md", 0, 10),),), True)
    assert (who.question, who.answerable) == ("Who?", False)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{no JSON", "cannot be read as JSON"),
        ("[]", "holds no question"),
        ('["a"]', "a row is no object: a"),
        ('{"reference": "x"}', "row 1 has no 'user_input'"),
        ('{"input": "Why?", "context": "Rain"}', "an odd 'context'"),
    ],
)
def test_what_is_no_such_dataset_is_refused(written: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(written)
    with pytest.raises(InputError, match=said):
        imported(tmp_path / "rows.json")


def test_the_command_writes_a_file_and_never_over_one(tmp_path: Path) -> None:
    rows, mine = tmp_path / "rows.jsonl", tmp_path / "mine.jsonl"
    rows.write_text(exported(OUTCOMES, TEXTS, "ragas"))
    assert run("eval", "import", rows, "--out", mine).status == 0
    assert "exists already" in run("eval", "import", rows, "--out", mine).complaint
    assert "cannot be written" in run("eval", "import", rows, "--out", tmp_path / "no" / "mine.jsonl").complaint
