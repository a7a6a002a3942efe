"""Metrics, each against a value worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from evals import metrics
from evals.datasets import Sample, Span
from evals.metrics import Score
from evals.runs import Found, Outcome
from tutor.types import Answer, Citation, Claim, Timings

ONE, TWO = Span("a.md", 0, 10), Span("a.md", 100, 120)


def outcome(
    *groups: Sequence[Span],
    passages: Sequence[tuple[int, int]] = (),
    cited: Sequence[tuple[int, int]] = (),
    facts: Sequence[tuple[str, ...]] = (),
    said: str = "",
    forbidden: Sequence[str] = (),
    quotes: Sequence[str] = (),
    refused: bool = False,
    answerable: bool = True,
    confidence: float | None = None,
    claims: Sequence[tuple[str, Sequence[int]]] = (),
) -> Outcome:
    """Return a question with these evidence groups, as it was answered; a claim names the markers that it cites."""
    citations = tuple(
        Citation(
            marker=n,
            course="c",
            source="a.md",
            title="A",
            section=None,
            version="v",
            start=start,
            end=end,
            quote=quotes[n - 1] if quotes else "",
        )
        for n, (start, end) in enumerate(cited, start=1)
    )
    answer = Answer(
        question="?", standalone_question="?", answer=said, refused=refused,
        reason="not_in_course" if refused else None, citations=citations, nearest=(), suggestions=(),
        claims=tuple(Claim(text=text, citations=tuple(cites), support="verified") for text, cites in claims),
        course="c", conversation="c_1", answerer="quotes", prompts=(), timings_ms=Timings(),
        confidence=confidence,
    )  # fmt: skip
    sample = Sample("1", "?", (), tuple(facts), tuple(map(tuple, groups)), "fact", answerable, tuple(forbidden))
    found = tuple(Found("a.md", start, end) for start, end in passages)
    return Outcome(sample, answer, found, 0.1)


# --- retrieval -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "share"), [(1, 0.0), (2, 0.5), (3, 1.0)])
def test_recall_is_the_share_of_groups_found_in_the_first_k(k: int, share: float) -> None:
    asked = outcome([ONE], [TWO], passages=[(50, 60), (0, 10), (90, 130)])
    assert metrics.recall_at(k)(asked).value == share


def test_one_alternative_of_a_group_is_enough() -> None:
    assert metrics.recall_at(1)(outcome([ONE, TWO], passages=[(90, 130)])).value == 1


@pytest.mark.parametrize(("end", "share"), [(5, 1.0), (4, 0.0)])
def test_half_of_a_span_counts_as_found(end: int, share: float) -> None:
    assert metrics.recall_at(1)(outcome([ONE], passages=[(0, end)])).value == share


def test_a_passage_of_another_source_does_not_count() -> None:
    assert metrics.recall_at(1)(outcome([Span("b.md", 0, 10)], passages=[(0, 10)])).value == 0


@pytest.mark.parametrize(
    ("passages", "value"), [([(0, 10)], 1), ([(50, 60), (60, 70), (90, 130)], 1 / 3), ([(50, 60)], 0), ([], 0)]
)
def test_the_reciprocal_rank_is_that_of_the_first_passage_with_evidence(
    passages: list[tuple[int, int]], value: float
) -> None:
    assert metrics.reciprocal_rank(outcome([ONE], [TWO], passages=passages)).value == value


def test_retrieval_is_undefined_without_evidence() -> None:
    asked = outcome(passages=[(0, 10)], answerable=False)
    assert [m(asked).value for m in (metrics.recall_at(1), metrics.reciprocal_rank, metrics.ndcg_at(1))] == [None] * 3


@pytest.mark.parametrize(
    ("passages", "value"),
    [
        ([(0, 10), (100, 120)], 1.0),
        ([(50, 60), (0, 10), (100, 120)], (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3))),
        ([(50, 60), (60, 70), (70, 80), (0, 10)], 0.0),  # the fourth of three
        ([(0, 120)], 1.0),  # both in one passage
        ([], 0.0),
    ],
)
def test_the_gain_of_a_group_shrinks_with_its_rank(passages: list[tuple[int, int]], value: float) -> None:
    assert metrics.ndcg_at(3)(outcome([ONE], [TWO], passages=passages)).value == pytest.approx(value)


def test_the_best_order_of_more_groups_than_places_is_worth_one() -> None:
    assert metrics.ndcg_at(1)(outcome([ONE], [TWO], passages=[(0, 10), (100, 120)])).value == 1.0


def test_missed_groups_are_named() -> None:
    asked = outcome([ONE], [TWO], passages=[(50, 60), (0, 10), (100, 120)])
    assert metrics.recall_at(1)(asked) == Score(0.0, explanation="not in the first 1: group 1, group 2")
    assert metrics.recall_at(2)(asked) == Score(0.5, explanation="not in the first 2: group 2")
    assert metrics.recall_at(3)(asked) == Score(1.0)


# --- what is said and cited ------------------------------------------------------------------------------------------


def test_evidence_is_hit_when_every_group_is_cited() -> None:
    assert metrics.evidence_hit(outcome([ONE], [TWO], cited=[(100, 120), (0, 10)])) == Score(1.0)
    assert metrics.evidence_hit(outcome([ONE], [TWO], cited=[(0, 10)])) == Score(0.0, "", "not cited: group 2")
    assert metrics.evidence_hit(outcome([ONE], [TWO])) == Score(0.0, "", "not cited: group 1, 2")


def test_the_recall_of_citations_is_the_share_of_groups_cited() -> None:
    assert metrics.citation_recall(outcome([ONE], [TWO], cited=[(0, 10)])).value == 0.5


def test_the_precision_of_citations_is_the_share_that_is_gold() -> None:
    assert metrics.citation_precision(outcome([ONE], cited=[(0, 10), (50, 60), (60, 70), (70, 80)])).value == 0.25


def test_the_overlap_of_citations_is_of_characters() -> None:
    assert metrics.citation_iou(outcome([ONE], cited=[(5, 15)])).value == pytest.approx(5 / 15)


def test_the_length_that_is_cited_is_of_characters() -> None:
    assert metrics.cited_length(outcome([ONE], cited=[(0, 10), (5, 12)])).value == 12


@pytest.mark.parametrize(
    "metric",
    [
        metrics.evidence_hit, metrics.citation_recall, metrics.citation_precision, metrics.citation_iou,
        metrics.cited_length, metrics.facts_stated, metrics.nothing_forbidden, metrics.quote_fidelity({}),
        metrics.cited_claims({}),
    ],
)  # fmt: skip
def test_what_is_said_and_cited_is_undefined_for_a_refusal(metric: metrics.Metric) -> None:
    assert metric(outcome([ONE], refused=True, facts=[("rain",)], forbidden=["hail"])).value is None


def test_what_is_cited_is_undefined_without_gold() -> None:
    asked = outcome(cited=[(0, 10)])
    cited = (metrics.evidence_hit, metrics.citation_recall, metrics.citation_precision, metrics.citation_iou)
    assert [metric(asked).value for metric in cited] == [None] * 4


def test_a_quote_is_held_against_its_span() -> None:
    metric = metrics.quote_fidelity({"a.md": "Rain fell. Hail fell."})
    asked = outcome(cited=[(0, 10), (0, 10), (0, 10)], quotes=["Rain fell.", "Hail fell.", "Snow fell."])
    assert metric(asked) == Score(1 / 3, explanation="[2] is misattributed, [3] is fabricated")
    assert metric(outcome(said="Rain fell.")) == Score(None)


def test_a_claim_counts_as_cited_where_one_of_its_quotes_stands_at_its_span() -> None:
    metric = metrics.cited_claims({"a.md": "Rain fell. Hail fell."})
    asked = outcome(
        cited=[(0, 10), (0, 10)], quotes=["Rain fell.", "Hail fell."],
        claims=[("It rained", [1]), ("It hailed", [2]), ("It was wet", [2, 1]), ("It was cold", []), ("So", [3])],
    )  # fmt: skip
    assert metric(asked) == Score(pytest.approx(2 / 5), explanation="without a quote: It hailed; It was cold; So")
    assert metric(outcome(cited=[(0, 10)], quotes=["Rain fell."], claims=[("It rained", [1])])) == Score(1.0)
    assert metric(outcome(cited=[(0, 10)], quotes=["Rain fell."])) == Score(None)


def test_every_fact_is_needed_under_one_of_its_aliases() -> None:
    facts = [("1956", "fifty-six"), ("1957",)]
    assert metrics.facts_stated(outcome(facts=facts, said="It was in 1956 [1], then 1957.")) == Score(1.0)
    assert metrics.facts_stated(outcome(facts=facts, said="1956")) == Score(0.0, explanation="not stated: 1957")
    assert metrics.facts_stated(outcome(facts=facts, said="1958")) == Score(0.0, explanation="not stated: 1956, 1957")


def test_facts_are_undefined_without_facts() -> None:
    assert metrics.facts_stated(outcome(said="1956")).value is None


def test_forbidden_claims_are_named() -> None:
    forbidden = ["1959", "1960"]
    made = metrics.nothing_forbidden(outcome(forbidden=forbidden, said="It was in 1960."))
    assert made == Score(0.0, explanation="claimed: 1960")
    both = metrics.nothing_forbidden(outcome(forbidden=forbidden, said="It was in 1960, or in 1959."))
    assert both == Score(0.0, explanation="claimed: 1959, 1960")
    assert metrics.nothing_forbidden(outcome(forbidden=["1959"], said="It was in 1960.")) == Score(1.0)
    assert metrics.nothing_forbidden(outcome(said="It was in 1960.")).value is None


# --- right or wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cited", "said", "value", "why"),
    [
        ((0, 10), "Rain.", 1.0, ""),
        ((0, 10), "Snow.", 0.0, "not stated: rain"),
        ((50, 60), "Rain.", 0.0, "not cited: group 1"),
        ((0, 10), "Rain and hail.", 0.0, "claimed: hail"),
        ((50, 60), "Hail.", 0.0, "not cited: group 1; not stated: rain; claimed: hail"),
    ],
)
def test_an_answer_is_right_when_it_cites_states_and_claims_nothing_forbidden(
    cited: tuple[int, int], said: str, value: float, why: str
) -> None:
    asked = outcome([ONE], cited=[cited], facts=[("rain",)], forbidden=["hail"], said=said)
    assert metrics.right(asked) == Score(value, said, why)


def test_a_refusal_is_right_where_nothing_answers_and_wrong_where_something_does() -> None:
    declined = metrics.right(outcome(answerable=False, said="It does not say.", refused=True))
    assert declined == Score(1.0, "It does not say.")
    answered = metrics.right(outcome(answerable=False, said="Rain."))
    assert answered == Score(0.0, "Rain.", "answered what the course does not")
    refused = metrics.right(outcome([ONE], said="It does not say.", refused=True))
    assert refused == Score(0.0, "It does not say.", "refused what the course answers")


def test_a_wrong_answer_costs_more_than_a_refusal() -> None:
    asked = [outcome([ONE], cited=[(0, 10)]), outcome([ONE], refused=True), outcome([ONE], cited=[(50, 60)])]
    asked += [outcome(answerable=False, refused=True), outcome(answerable=False)]
    assert [metrics.crag(o).value for o in asked] == [1, 0, -1, 1, -1]


@pytest.mark.parametrize(
    ("confidence", "answerable", "value"),
    [(0.75, True, 0.0625), (0.75, False, 0.5625), (0.0, False, 0.0), (0.0, True, 1.0), (None, True, None)],
)
def test_a_stated_confidence_costs_its_squared_distance(
    confidence: float | None, answerable: bool, value: float | None
) -> None:
    assert metrics.brier(outcome(answerable=answerable, confidence=confidence)) == Score(value)


def test_an_error_is_worth_nothing_at_all() -> None:
    failed = Outcome(outcome([ONE]).sample, None, (), 0.1, "The disk is full.")
    with pytest.raises(ValueError, match="1 has no answer: The disk is full"):
        metrics.right(failed)


def test_each_standard_metric_stands_under_its_name() -> None:
    standard = metrics.standard(3, {"a.md": "abcdefghij" * 30})
    asked = outcome(
        [ONE], [TWO], [Span("a.md", 200, 230)],
        passages=[(50, 60), (0, 10), (70, 80), (100, 120)],
        cited=[(0, 10), (100, 110), (50, 60), (60, 64), (70, 71)],
        quotes=["abcdefghij", "abcdefghij", "abcdefghij", "abc ", "b"],
        facts=[("rain",)], forbidden=["hail"], said="Rain.", confidence=0.8,
        claims=[("Rain", [1]), ("Wind", [4]), ("Snow", []), ("Hail", [1, 4])],
    )  # fmt: skip
    assert {name: metric(asked).value for name, metric in standard.items()} == {
        "right": 0.0,
        "crag": -1.0,
        "brier": pytest.approx(0.04),  # (0.8 - 1)²
        "recall@3": pytest.approx(1 / 3),  # the groups are at ranks 2 and 4 and nowhere
        "mrr": 1 / 2,
        "ndcg@3": pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3) + 1 / 2)),
        "evidence_hit": 0.0,
        "citation_precision": 2 / 5,
        "citation_recall": 2 / 3,
        "citation_iou": 20 / 75,  # of 35 cited and 60 gold
        "cited_characters": 35,
        "quote_fidelity": 3 / 5,
        "cited_claims": 2 / 4,
        "facts_stated": 1.0,
        "nothing_forbidden": 1.0,
    }
    # No two of those that were 0 are the same again, and no two of those that were 1.
    other = outcome([ONE], cited=[(0, 10)], facts=[("rain",)], forbidden=["hail"], said="Rain and hail.")
    named = {"right": 0.0, "evidence_hit": 1.0, "facts_stated": 1.0, "nothing_forbidden": 0.0}
    assert {name: standard[name](other).value for name in named} == named
