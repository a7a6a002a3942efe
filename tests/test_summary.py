"""Summaries, comparisons and gates, against values worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evals import summary
from evals.comparison import compare
from evals.datasets import Sample, Span, Turn
from evals.gates import judge
from evals.metrics import Score
from evals.runs import FORMAT, Outcome, write
from evals.summary import refusal, score_all
from tutor.errors import InputError, SetupError
from tutor.types import Answer, Timings


def outcome(
    id: str,
    answerable: bool = True,
    refused: bool = False,
    source: str = "a.md",
    kind: str = "fact",
    twin: str = "",
    history: tuple[Turn, ...] = (),
) -> Outcome:
    """Return a question as it was answered."""
    evidence = ((Span(source, 0, 4),),) if answerable else ()
    sample = Sample(id, f"{id}?", history, (), evidence, kind, answerable, twin=twin)
    answer = Answer(
        question="?", standalone_question="?", answer="", refused=refused, reason="not_in_course" if refused else None,
        claims=(), citations=(), nearest=(), suggestions=(), course="c", conversation="c_1", answerer="quotes",
        prompts=(), timings_ms=Timings(),
    )  # fmt: skip
    return Outcome(sample, answer, (), 0.1)


def scores_of(right: dict[str, float | None], **changes: Any) -> dict[str, Any]:
    """Return a scores file in which questions are right or not."""
    about = {"task": "some", "gated": True, "dataset": "d", "course_versions": {"a.md": "v"}}
    made = score_all([outcome(id) for id in right], {"right": lambda o: Score(right[o.sample.id])})
    return made | {"run": about | changes}


# --- summaries -------------------------------------------------------------------------------------------------------


def test_a_rate_has_its_count_and_wilson_interval() -> None:
    found = scores_of({"a": 1.0, "b": 1.0, "c": 0.0, "d": 1.0})["summary"]["metrics"]["right"]
    # (3 + z²/2 ± z√(3/4·1 + z²/4)) / (4 + z²) with z = 1.96
    assert found == {
        "value": 0.75,
        "n": 4,
        "low": pytest.approx(0.3006, abs=1e-4),
        "high": pytest.approx(0.9544, abs=1e-4),
    }


def test_a_mean_is_over_the_outcomes_that_it_is_defined_for() -> None:
    values = {"a": 0.5, "b": None, "c": 0.25}
    outcomes = [outcome(id, source=f"{id}.md") for id in values]
    found = score_all(outcomes, {"right": lambda o: Score(1.0), "iou": lambda o: Score(values[o.sample.id])})
    iou = found["summary"]["metrics"]["iou"]
    assert (iou["value"], iou["n"], iou["low"], iou["high"]) == (0.375, 2, 0.25, 0.5)


def test_what_is_defined_nowhere_is_not_a_number() -> None:
    found = score_all([outcome("a")], {"right": lambda o: Score(0.0), "iou": lambda o: Score(None)})
    assert found["summary"]["metrics"]["iou"] == {"value": None, "n": 0}
    assert found["summary"]["metrics"]["pairs_right"] == {"value": None, "n": 0}
    assert score_all([], {})["summary"]["metrics"]["refusal_f1"] == {"value": None, "n": 0}


def test_questions_on_one_source_alone_give_no_interval_of_a_mean() -> None:
    found = score_all([outcome("a"), outcome("b")], {"right": lambda o: Score(1.0), "iou": lambda o: Score(0.5)})
    assert found["summary"]["metrics"]["iou"] == {"value": 0.5, "n": 2}


def refusals(*pairs: tuple[bool, bool]) -> dict[str, float | None]:
    """Return the rates over questions given as (answerable, refused)."""
    found = refusal([outcome(str(n), answerable=a, refused=r) for n, (a, r) in enumerate(pairs)])
    return {name.removeprefix("refusal_"): rate["value"] for name, rate in found.items()}


def test_refusal_counts_the_unanswerable_as_positive() -> None:
    # Three refused, two of them rightly; four unanswerable, two of them refused; two answerable, one refused.
    found = refusals((False, True), (False, True), (True, True), (False, False), (False, False), (True, False))
    assert found == {
        "precision": pytest.approx(2 / 3, abs=1e-6),
        "recall": 0.5,
        "f1": pytest.approx(4 / 7, abs=1e-6),
        "over_refusal": 0.5,
    }


def test_rates_of_nothing_are_undefined() -> None:
    assert refusals((False, False), (True, False)) == {"precision": None, "recall": 0, "f1": None, "over_refusal": 0}
    assert refusals((True, True)) == {"precision": 0, "recall": None, "f1": None, "over_refusal": 1}
    assert refusals((True, True), (False, False)) == {"precision": 0, "recall": 0, "f1": 0, "over_refusal": 1}


def test_a_pair_is_right_when_both_of_it_are() -> None:
    outcomes = [outcome("t"), outcome("f", twin="t"), outcome("u"), outcome("g", twin="u"), outcome("h", twin="gone")]
    right = {"t": 1.0, "f": 1.0, "u": 0.0, "g": 1.0, "h": 1.0}
    found = score_all(outcomes, {"right": lambda o: Score(right[o.sample.id])})
    pairs = found["summary"]["metrics"]["pairs_right"]
    assert (pairs["value"], pairs["n"]) == (0.5, 2)


def test_kinds_and_histories_are_told_apart() -> None:
    own, heard = (Turn("Who?"),), (Turn("Who?", "Mao."),)
    outcomes = [outcome("a", kind="why"), outcome("b", history=own), outcome("c", history=heard)]
    found = score_all(outcomes, {"right": lambda o: Score(float(o.sample.id != "b"))})["summary"]
    assert {kind: rate["value"] for kind, rate in found["right_by_kind"].items()} == {"fact": 0.5, "why": 1.0}
    assert {k: rate["value"] for k, rate in found["right_by_history"].items()} == {"as heard": 1, "the system's own": 0}


def test_what_became_of_a_question_is_one_of_four() -> None:
    failed = Outcome(outcome("e").sample, None, (), 0.1, "It broke.")
    outcomes = [outcome("a"), outcome("b"), outcome("c", refused=True), failed]
    found = score_all(outcomes, {"right": lambda o: Score(float(o.sample.id == "a"), explanation=f"so {o.sample.id}")})
    assert [q["outcome"] for q in found["questions"]] == ["right", "wrong", "refused", "error"]
    assert [q["why"] for q in found["questions"]] == ["so a", "so b", "so c", "It broke."]
    assert found["summary"]["errors"] == 1
    assert found["summary"]["metrics"]["right"]["n"] == 3


# --- comparisons -----------------------------------------------------------------------------------------------------


def test_two_runs_are_compared_question_by_question() -> None:
    before = scores_of({"a": 1.0, "b": 0.0, "c": 0.0, "d": 1.0})
    found = compare(before, scores_of({"a": 0.0, "b": 1.0, "c": 1.0, "d": 1.0}))
    assert (found["went_wrong"], found["came_right"]) == (("a",), ("b", "c"))
    # Two of three that changed came right: p = 2 · (C(3,2) + C(3,3)) / 2³ = 1
    assert found["metrics"]["right"] == {"before": 0.5, "after": 0.75, "difference": 0.25, "n": 4, "p": 1.0}
    assert found["smallest_difference"] is None


def test_six_that_all_came_right_are_more_than_chance() -> None:
    before, after = scores_of(dict.fromkeys("abcdef", 0.0)), scores_of(dict.fromkeys("abcdef", 1.0))
    assert compare(before, after)["metrics"]["right"]["p"] == pytest.approx(2 / 64)


def test_means_are_compared_by_their_signs() -> None:
    before, after = scores_of(dict.fromkeys("abc", 0.25)), scores_of(dict.fromkeys("abc", 0.75))
    assert compare(before, after)["metrics"]["right"]["p"] == pytest.approx(2 / 8)  # of 8 ways, +++ and ---


def test_what_is_undefined_in_one_run_is_not_compared() -> None:
    found = compare(scores_of({"a": None, "b": 1.0}), scores_of({"a": 1.0, "b": 1.0}))
    assert found["metrics"]["right"]["n"] == 1
    nothing = compare(scores_of({"a": None}), scores_of({"a": 1.0}))["metrics"]["right"]
    assert nothing == {"before": None, "after": None, "difference": None, "n": 0, "p": None}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dataset": "e"}, "differ in their dataset"),
        ({"course_versions": {}}, "differ in their course_versions"),
        ({"dataset": "e", "course_versions": {}}, "differ in their dataset and course_versions"),
    ],
)
def test_runs_of_other_questions_or_texts_are_not_compared_unless_told(changes: dict[str, Any], said: str) -> None:
    before, after = scores_of({"a": 1.0, "x": 1.0}), scores_of({"a": 1.0, "y": 1.0}, **changes)
    with pytest.raises(InputError, match=said):
        compare(before, after)
    assert compare(before, after, anyway=True)["questions"] == 1


def test_runs_without_a_common_question_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="no question in common"):
        compare(scores_of({"a": 1.0}), scores_of({"b": 1.0}))


# --- gates -----------------------------------------------------------------------------------------------------------


def gates(path: Path, text: str) -> Path:
    (path / "gates.toml").write_text(f"[some]\n{text}")
    return path / "gates.toml"


def test_a_floor_is_reached_at_its_value_and_undefined_is_below_it(tmp_path: Path) -> None:
    scores = scores_of({"a": 1.0, "b": 0.0})
    rules = gates(tmp_path, "right = 0.5\nrefusal_f1 = 0.1\nwrong_name = 0.1\n")
    verdict = judge(scores, rules)
    assert verdict.failed == ("refusal_f1 is n/a, below 0.1", "wrong_name is n/a, below 0.1")
    assert (verdict.status, verdict.word) == (3, "FAIL")
    assert judge(scores, gates(tmp_path, "right = 0.51\n")).failed == ("right is 0.500, below 0.51",)
    assert judge(scores_of({"a": 0.0}, task="other"), rules).status == 0
    assert judge(scores_of({"a": 0.0}, gated=False), rules).status == 0


@pytest.mark.parametrize(("rules", "status"), [("", 4), ("most_errors = 1\n", 0), ("right = 0.9\n", 4)])
def test_errors_are_worse_than_low_scores(rules: str, status: int, tmp_path: Path) -> None:
    scores = scores_of({"a": 0.0})
    scores["summary"]["errors"] = 1
    assert judge(scores, gates(tmp_path, rules)).status == status


def test_a_significant_drop_beyond_the_margin_fails(tmp_path: Path) -> None:
    ids = "abcdefgh"
    write(tmp_path / "some.json", scores_of(dict.fromkeys(ids, 1.0)))
    rules = gates(tmp_path, "no_drop = {right = 0.1}\n")
    fallen = judge(scores_of(dict.fromkeys(ids, 0.0)), rules, tmp_path)
    assert fallen.failed == ("right fell by 1.000 (p = 0.008), more than 0.1",)
    write(tmp_path / "some.json", scores_of({str(n): 1.0 for n in range(30)}))
    sure = judge(scores_of({str(n): 0.0 for n in range(30)}), rules, tmp_path)  # p is 2/2³⁰, which is kept as 0
    assert sure.failed == ("right fell by 1.000 (p = 0.000), more than 0.1",)
    write(tmp_path / "some.json", scores_of(dict.fromkeys(ids, 1.0)))
    chance = judge(scores_of(dict.fromkeys(ids, 1.0) | {"a": 0.0, "b": 0.0}), rules, tmp_path)
    assert chance.status == 0
    within = gates(tmp_path, "no_drop = {right = 1.0}\n")
    assert judge(scores_of(dict.fromkeys(ids, 0.0)), within, tmp_path).status == 0


def test_a_drop_is_told_only_of_what_single_questions_have(tmp_path: Path) -> None:
    write(tmp_path / "some.json", scores_of({"a": 1.0}))
    rules = gates(tmp_path, "no_drop = {refusal_f1 = 0.1}\n")
    with pytest.raises(SetupError, match="no_drop compares question by question, which refusal_f1 cannot be"):
        judge(scores_of({"a": 1.0}), rules, tmp_path)


def test_values_keep_so_many_places_that_files_agree() -> None:
    assert (summary.rounded(1 / 3), summary.rounded(None), FORMAT) == (0.333333, None, 1)
