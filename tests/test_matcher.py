"""The matcher beside people: what agrees with a gold answer, and how often people would say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evals.matcher import agrees, contains, exact, main, measure, overlaps

VERDICTS = Path(__file__).parents[2] / "shared" / "evals" / "matcher.jsonl"


# --- beside another answer -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "gold", "question"),
    [
        ("explosion", "in an explosion", "how did he die"),
        ("elastic", "elastic band", "which band holds hair"),
        ("Dover, Kent", "the Lighthouse in Dover, Kent", "where do they meet"),
        ("Anna Bell", "Anna Maria Bell", "who sang it"),
        ("1965", "1 August 1965", "when was it banned"),
        ("It was banned in 1965.", "1 August 1965", "when was it banned"),
        ("It opened in 1881 and closed in 1885.", "between 1881 and 1885", "when was it open"),
        ("Anna Bell sang it for years.", "the singer Anna Bell", "who made it known"),
    ],
)
def test_a_shorter_or_looser_answer_agrees_where_it_adds_the_same_to_the_question(
    answer: str, gold: str, question: str
) -> None:
    assert agrees(answer, ["something else", gold], question)


@pytest.mark.parametrize(
    ("answer", "gold", "question"),
    [
        ("Kent", "the Lighthouse in Dover, Kent", "where do they meet"),
        ("September 1965", "1 August 1965", "when was it banned"),
        ("the licensing authority", "local authority", "who forms the local licensing forum"),
        ("season 4", "season 3, episode 4", "which season"),
        ("band", "elastic band", "which band holds hair"),
        ("", "elastic band", "which band holds hair"),
        ("Anna", "Bell", "who sang it"),
        ("It was not elastic.", "elastic band", "which band holds hair"),
    ],
)
def test_an_answer_with_less_or_other_words_does_not_agree(answer: str, gold: str, question: str) -> None:
    assert not agrees(answer, [gold], question)


# --- against people --------------------------------------------------------------------------------------------------


def test_the_usual_comparisons_are_of_strings() -> None:
    assert exact("The Moon.", ["moon"], "") and not exact("The full moon", ["moon"], "")
    assert contains("The full moon", ["a Moon"], "") and not contains("The full sun", ["moon"], "")
    assert overlaps("full moon", ["moon"], "") and not overlaps("the big full red moon", ["moon"], "")
    assert not overlaps("", ["moon"], "")


def test_precision_and_recall_are_those_of_the_rows() -> None:
    rows = [
        {"question": "?", "gold": ["moon"], "answer": answer, "acceptable": good}
        for answer, good in [("moon", True), ("Moon", True), ("the moon", False), ("sun", True)]
    ]
    assert measure(exact, rows) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert measure(exact, []) == (0, 0)


@pytest.mark.skipif(not VERDICTS.exists(), reason="shared/evals/matcher.jsonl, people's verdicts, is not here")
def test_the_command_finds_facts_as_right_as_people_would_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    main(VERDICTS)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "1490"
    shown = {line[:13].strip(): tuple(map(float, re.findall(r"\d\.\d{3}", line))) for line in lines}
    assert list(shown) == ["exact", "contains", "F1 >= 0.5", "facts"]
    precision, recall = shown["facts"]
    assert precision >= 0.93 and recall >= 0.65
    assert all(recall > shown[name][1] for name in ("exact", "contains", "F1 >= 0.5"))
