"""Metrics, each against a value worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evals import metrics
from evals.datasets import Sample, Span
from evals.metrics import Outcome
from tutor.types import Answer, Citation, Passage, Timings

ONE, TWO = Span("a.md", 0, 10), Span("a.md", 100, 120)


def outcome(
    *groups: Sequence[Span],
    passages: Sequence[tuple[int, int]] = (),
    cited: Sequence[tuple[int, int]] = (),
    facts: Sequence[tuple[str, ...]] = (),
    said: str = "",
    refused: bool = False,
    answerable: bool = True,
) -> Outcome:
    """Return a question with these evidence groups, as it was answered."""
    citations = tuple(
        Citation(
            marker=1, course="c", source="a.md", title="A", section=None, version="v", quote="", start=start, end=end
        )
        for start, end in cited
    )
    answer = Answer(
        question="?", standalone_question="?", answer=said, refused=refused,
        reason="not_in_course" if refused else None, claims=(), citations=citations, nearest=(), suggestions=(),
        course="c", conversation="c_1", answerer="quotes", prompts=(), timings_ms=Timings(),
    )  # fmt: skip
    sample = Sample("1", "?", (), tuple(facts), tuple(map(tuple, groups)), "fact", answerable)
    found = tuple(Passage("a.md", "v", "A", start, end, (), ()) for start, end in passages)
    return Outcome(sample, answer, found, 0.1)


# --- retrieval -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "share"), [(1, 0.0), (2, 0.5), (3, 1.0)])
def test_recall_is_the_share_of_groups_found_in_the_first_k(k: int, share: float) -> None:
    asked = outcome([ONE], [TWO], passages=[(50, 60), (0, 10), (90, 130)])
    assert metrics.recall_at(k, asked) == share


def test_one_alternative_of_a_group_is_enough() -> None:
    assert metrics.recall_at(1, outcome([ONE, TWO], passages=[(90, 130)])) == 1


@pytest.mark.parametrize(("end", "share"), [(5, 1.0), (4, 0.0)])
def test_half_of_a_span_counts_as_found(end: int, share: float) -> None:
    assert metrics.recall_at(1, outcome([ONE], passages=[(0, end)])) == share


def test_a_passage_of_another_source_does_not_count() -> None:
    assert metrics.recall_at(1, outcome([Span("b.md", 0, 10)], passages=[(0, 10)])) == 0


@pytest.mark.parametrize(
    ("passages", "value"), [([(0, 10)], 1), ([(50, 60), (60, 70), (90, 130)], 1 / 3), ([(50, 60)], 0), ([], 0)]
)
def test_the_reciprocal_rank_is_that_of_the_first_passage_with_evidence(
    passages: list[tuple[int, int]], value: float
) -> None:
    assert metrics.reciprocal_rank(outcome([ONE], [TWO], passages=passages)) == value


def test_retrieval_is_undefined_without_evidence() -> None:
    asked = outcome(passages=[(0, 10)], answerable=False)
    assert (metrics.recall_at(1, asked), metrics.reciprocal_rank(asked)) == (None, None)


# --- evidence and facts ----------------------------------------------------------------------------------------------


def test_evidence_is_hit_when_every_group_is_cited() -> None:
    assert metrics.evidence_hit(outcome([ONE], [TWO], cited=[(100, 120), (0, 10)])) is True
    assert metrics.evidence_hit(outcome([ONE], [TWO], cited=[(0, 10)])) is False


def test_evidence_is_undefined_without_evidence() -> None:
    assert metrics.evidence_hit(outcome(cited=[(0, 10)])) is None


@pytest.mark.parametrize(
    ("said", "alias", "matches"),
    [
        ("It cut 10 feet deep [1].", "10", True),
        ("It cut 100 feet deep.", "10", False),
        ("It cut 2,010 feet deep.", "10", False),
        ("It cut 10,000 feet deep.", "10", False),
        ("It cut 10.5 feet deep.", "10", False),
        ("It cut 10, perhaps 12.", "10", True),
        ("In the end it cut 10.", "10", True),
        ("They built airplanes.", "airplane", True),
        ("They built AIRPLANES.", "airplane", True),
        ("They built hydroairplanes.", "airplane", False),
        ("It cost 40 [1] million lives.", "40 million", True),
        ("It failed [10].", "10", False),
        ("Two  lines\nof words.", "two lines of words", True),
        ("The Straße was long.", "STRASSE", True),
    ],
)
def test_a_fact_is_stated_as_whole_numbers_and_word_beginnings(said: str, alias: str, matches: bool) -> None:
    assert metrics.facts_matched(outcome(facts=[(alias,)], said=said)) is matches


def test_every_fact_is_needed_under_one_of_its_aliases() -> None:
    facts = [("1956", "fifty-six"), ("1957",)]
    assert metrics.facts_matched(outcome(facts=facts, said="Fifty-six and 1957")) is True
    assert metrics.facts_matched(outcome(facts=facts, said="1956")) is False


def test_facts_are_undefined_without_facts() -> None:
    assert metrics.facts_matched(outcome(said="1956")) is None


# --- right or wrong --------------------------------------------------------------------------------------------------


def test_an_answer_is_right_when_it_cites_the_evidence_and_states_the_facts() -> None:
    assert metrics.right(outcome([ONE], cited=[(0, 10)], facts=[("rain",)], said="Rain."))
    assert not metrics.right(outcome([ONE], cited=[(0, 10)], facts=[("rain",)], said="Snow."))
    assert not metrics.right(outcome([ONE], cited=[(50, 60)], facts=[("rain",)], said="Rain."))


def test_a_refusal_is_right_where_nothing_answers_and_wrong_where_something_does() -> None:
    assert metrics.right(outcome(answerable=False, refused=True))
    assert not metrics.right(outcome(answerable=False))
    assert not metrics.right(outcome([ONE], refused=True))


# --- refusals --------------------------------------------------------------------------------------------------------


def refusals(*pairs: tuple[bool, bool]) -> tuple[float | None, float | None, float | None]:
    """Return precision, recall and F1 over questions given as (answerable, refused)."""
    return metrics.refusal([outcome([ONE], answerable=a, refused=r) for a, r in pairs])


def test_refusal_precision_recall_and_f1_count_the_unanswerable_as_positive() -> None:
    # Three refused, two of them rightly; four unanswerable, two of them refused.
    found = refusals((False, True), (False, True), (True, True), (False, False), (False, False), (True, False))
    assert found == (pytest.approx(2 / 3), pytest.approx(1 / 2), pytest.approx(4 / 7))


def test_a_tutor_that_never_refuses_has_no_precision() -> None:
    assert refusals((False, False), (True, False)) == (None, 0.0, None)


def test_without_unanswerable_questions_there_is_no_recall() -> None:
    assert refusals((True, True)) == (0.0, None, None)


def test_a_tutor_that_only_refuses_wrongly_has_an_f1_of_zero() -> None:
    assert refusals((True, True), (False, False)) == (0.0, 0.0, 0.0)


# --- means and percentiles -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "share", "value"),
    [([4, 1, 3, 2, 5], 0.5, 3), ([1, 2, 3, 4, 5], 0.95, 4.8), ([1, 2], 0.5, 1.5), ([7], 0.95, 7), ([], 0.5, None)],
)
def test_a_percentile_lies_between_its_neighbours(values: list[float], share: float, value: float | None) -> None:
    assert metrics.percentile(values, share) == (value if value is None else pytest.approx(value))


def test_a_mean_leaves_out_what_is_undefined() -> None:
    assert metrics.mean([1.0, None, 0.0, False]) == pytest.approx(1 / 3)


def test_the_mean_of_nothing_defined_is_undefined() -> None:
    assert metrics.mean([None, None]) is metrics.mean([]) is None
