"""Statistics, each against a value worked out by hand or another way of reckoning it."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from evals import statistics
from evals.statistics import Flip, Interval

few = st.integers(0, 7)


def rounded(interval: Interval | None, digits: int = 4) -> tuple[float, float] | None:
    """Return both ends of an interval, rounded."""
    return None if interval is None else (round(interval.low, digits), round(interval.high, digits))


# --- the interval of a rate ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "of", "ends"),
    [
        # With z = 1.96, z² = 3.8415: (hits + z²/2 ± z √(hits (of - hits) / of + z²/4)) / (of + z²)
        (8, 10, (0.4902, 0.9433)),  # (9.9207 ± 1.96 √(1.6 + 0.9604)) / 13.8415
        (2, 10, (0.0567, 0.5098)),  # the same seen from the other side
        (0, 10, (0.0, 0.2775)),  # 3.8415 / 13.8415: a rate of 0 is not sure to be 0
        (10, 10, (0.7225, 1.0)),
        (0, 1, (0.0, 0.7935)),  # 3.8415 / 4.8415
        (0, 0, None),
    ],
)
def test_the_interval_of_a_rate_is_wilsons(hits: int, of: int, ends: tuple[float, float] | None) -> None:
    assert rounded(statistics.wilson(hits, of)) == ends


def test_a_surer_interval_of_a_rate_is_wider() -> None:
    # z = 1.6449, z² = 2.7055: (8 + 1.3528 ± 1.6449 √(1.6 + 0.6764)) / 12.7055
    assert rounded(statistics.wilson(8, 10, confidence=0.90), 3) == (0.541, 0.931)


@pytest.mark.parametrize(("hits", "of"), [(11, 10), (-1, 10)])
def test_more_hits_than_questions_are_refused(hits: int, of: int) -> None:
    with pytest.raises(ValueError):
        statistics.wilson(hits, of)


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_of_a_rate_holds_it_and_stays_between_0_and_1(rate: tuple[int, int]) -> None:
    hits, of = rate
    found = statistics.wilson(hits, of)
    assert found is not None
    assert 0 <= found.low <= hits / of + 1e-12
    assert hits / of - 1e-12 <= found.high <= 1


# --- the interval of a mean ------------------------------------------------------------------------------------------


def test_whole_clusters_are_drawn_and_each_value_counts_alike() -> None:
    # Of the draws a quarter is a + a, mean 1, half is a + b, mean 3/4, and a quarter is b + b, mean 0. The middle
    # 40 of 100 draws have the mean 3/4; a mean of the clusters' means would be 1/2.
    found = statistics.bootstrap([1, 1, 1, 0], ["a", "a", "a", "b"], confidence=0.4)
    assert found == Interval(0.75, 0.75)


def test_the_ends_of_the_interval_are_the_percentiles_of_the_draws() -> None:
    # Mean 0, 1/2 and 1 in a quarter, half and a quarter of the draws; cut at 2.5, 20, 30 of 100, and as far from 100.
    asked = [0.0, 1.0], ["a", "b"]
    assert statistics.bootstrap(*asked) == Interval(0, 1)
    assert statistics.bootstrap(*asked, confidence=0.6) == Interval(0, 1)
    assert statistics.bootstrap(*asked, confidence=0.4) == Interval(0.5, 0.5)


def test_a_hundred_clusters_give_nearly_the_normal_interval() -> None:
    values = [1.0, 0.0] * 50
    # The standard error is 0.5 / √100 = 0.05, and 1.96 of them are 0.098.
    assert rounded(statistics.bootstrap(values, [f"{n}" for n in range(100)]), 2) == (0.4, 0.6)
    # In twenty clusters of five alike it is 0.5 / √20 = 0.112, and 1.96 of them are 0.219.
    alike = [float(n // 5 % 2) for n in range(100)]
    found = statistics.bootstrap(alike, [f"{n // 5}" for n in range(100)])
    assert found is not None
    assert found.low == pytest.approx(0.281, abs=0.035)
    assert found.high == pytest.approx(0.719, abs=0.035)


@given(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=2, max_size=5), st.integers(2, 4))
def test_asking_the_same_again_makes_nothing_surer(values: list[float], times: int) -> None:
    clusters = [f"{n}" for n in range(len(values))]
    once = statistics.bootstrap(values, clusters, draws=200)
    often = statistics.bootstrap(values * times, clusters * times, draws=200)
    assert rounded(once, 9) == rounded(often, 9)
    assert once is not None
    assert min(values) <= once.low <= once.high <= max(values)


def test_undefined_values_are_left_out_and_their_cluster_with_them() -> None:
    with_none = statistics.bootstrap([None, 1, 0, None, None], ["a", "a", "b", "b", "c"])
    assert with_none == statistics.bootstrap([1, 0], ["a", "b"]) == Interval(0, 1)


@pytest.mark.parametrize(
    ("values", "clusters"),
    [([], []), ([None, None], ["a", "b"]), ([1.0, 0.0], ["a", "a"]), ([1.0], ["a"]), ([1.0, None], ["a", "b"])],
)
def test_fewer_than_two_clusters_show_no_spread(values: Sequence[float | None], clusters: Sequence[str]) -> None:
    assert statistics.bootstrap(values, clusters) is None


def test_a_value_without_a_cluster_is_refused() -> None:
    with pytest.raises(ValueError):
        statistics.bootstrap([1, 0], ["a"])


def test_the_draws_follow_from_the_seed_alone() -> None:
    values, clusters = [0.1, 0.7, 0.2, 0.9, 0.35], list("abcde")
    first = statistics.bootstrap(values, clusters, draws=50, seed=1)
    assert first == statistics.bootstrap(values, clusters, draws=50, seed=1)
    assert first != statistics.bootstrap(values, clusters, draws=50, seed=2)
    assert first != statistics.bootstrap(values, clusters, draws=60, seed=1)


# --- two runs --------------------------------------------------------------------------------------------------------


def runs(came_right: int, went_wrong: int, right: int = 0, wrong: int = 0) -> tuple[list[bool], list[bool]]:
    """Return a run before and one after, with so many questions of each sort."""
    before = [False] * came_right + [True] * went_wrong + [True] * right + [False] * wrong
    after = [True] * came_right + [False] * went_wrong + [True] * right + [False] * wrong
    return before, after


@pytest.mark.parametrize(
    ("came_right", "went_wrong", "p"),
    [
        (0, 0, 1),
        (1, 0, 1),  # 2 · 1/2
        (5, 0, 2 / 32),
        (0, 6, 2 / 64),
        (1, 6, 2 * (1 + 7) / 128),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
        (3, 3, 1),
    ],
)
def test_mcnemars_test_is_that_of_a_fair_coin(came_right: int, went_wrong: int, p: float) -> None:
    assert statistics.mcnemar(*runs(came_right, went_wrong)) == pytest.approx(p)


@given(few, few, few, few)
def test_mcnemars_test_sees_only_what_changed_and_not_which_way(a: int, b: int, right: int, wrong: int) -> None:
    p = statistics.mcnemar(*runs(a, b))
    assert statistics.mcnemar(*runs(a, b, right, wrong)) == p
    assert statistics.mcnemar(*runs(b, a)) == pytest.approx(p)
    assert 0 < p <= 1


def test_runs_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError):
        statistics.mcnemar([True, False], [True])


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([], 1),
        ([0, 0], 1),
        ([5], 1),  # 5 and -5 are equally far from 0
        ([1, 2], 2 / 4),
        ([1, 2, 3], 2 / 8),  # only 6 and -6
        ([3, -1], 1),  # 4, 2, -2, -4
        ([4, 2, -1], 4 / 8),  # 7, 5, 3 and 1, and their opposites: 7 and 5 are as far as 5
        ([1, 1, 1, 1, -1], 2 * (1 + 5) / 32),  # a sum of 5, or one of 3 in 5 ways
        ([0.1, 0.2, 0.0, 0.3], 2 / 8),
        ([True, True, True], 2 / 8),
    ],
)
def test_the_signs_are_flipped_in_every_way(differences: Sequence[float], p: float) -> None:
    assert statistics.sign_flip(differences) == pytest.approx(p)


@given(few, few, few)
def test_flipping_the_signs_of_ones_is_mcnemars_test(a: int, b: int, zeros: int) -> None:
    p = statistics.sign_flip([1] * a + [0] * zeros + [-1] * b)
    assert p == pytest.approx(statistics.mcnemar(*runs(a, b)))


def test_fourteen_differences_are_gone_through_and_more_are_drawn() -> None:
    assert statistics.sign_flip([1] * 14, draws=10) == 2 / 2**14
    assert statistics.sign_flip([1] * 15 + [0] * 9, draws=9) == 2 / (9 + 1)  # none of 9 draws is as far; on both sides


def test_what_is_drawn_comes_near_what_is_counted() -> None:
    counted = 2 * sum(comb(16, heads) for heads in range(4 + 1)) / 2**16  # 0.077
    assert statistics.sign_flip([1] * 12 + [-1] * 4) == pytest.approx(counted, abs=0.01)


def test_drawn_signs_follow_from_the_seed_alone() -> None:
    differences = [1] * 12 + [-1] * 5
    first, again, other = (statistics.sign_flip(differences, draws=500, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


# --- what a set can show ---------------------------------------------------------------------------------------------


def test_the_smallest_difference_at_even_odds_is_what_is_just_significant() -> None:
    # With a power of 1/2 the second quantile is 0: d = 1.96 √0.25 / √100 = 0.098.
    assert statistics.smallest_difference(100, 0.25, power=0.5) == pytest.approx(0.098, abs=1e-4)
    assert statistics.smallest_difference(400, 0.25, power=0.5) == pytest.approx(0.049, abs=1e-4)
    # 1.6449 at a tenth: 1.6449 · 0.5 / 10
    assert statistics.smallest_difference(100, 0.25, power=0.5, alpha=0.10) == pytest.approx(0.0822, abs=1e-4)


@given(st.integers(1, 5000), st.floats(0.05, 1), st.floats(0.5, 0.99), st.floats(0.001, 0.2))
def test_the_smallest_difference_solves_connors_equation(n: int, share: float, power: float, alpha: float) -> None:
    a, b = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)
    d = statistics.smallest_difference(n, share, power, alpha)
    if d is None:  # even a difference of the whole share would take more questions
        assert n < (a * sqrt(share) + b * sqrt(share - share**2)) ** 2 / share**2 + 1e-6
    else:
        assert 0 < d <= share + 1e-9
        assert (a * sqrt(share) + b * sqrt(max(0, share - d**2))) ** 2 / d**2 == pytest.approx(n, rel=1e-5)


def test_the_smallest_difference_is_shown_as_often_as_it_says() -> None:
    n, share = 300, 0.2
    d = statistics.smallest_difference(n, share)
    assert d is not None
    # The power of the uncorrected test, summed over the numbers that may change and of those that may come right.
    changed, right = np.meshgrid(np.arange(1, n + 1), np.arange(0, n + 1), indexing="ij")
    chance = stats.binom.pmf(changed, n, share) * stats.binom.pmf(right, changed, (share + d) / (2 * share))
    found = np.abs(2 * right - changed) / np.sqrt(changed) > 1.96
    assert chance[found & (right <= changed)].sum() == pytest.approx(0.8, abs=0.01)


def test_too_few_questions_show_nothing() -> None:
    # (1.960 + 0.8416 √0.8)² / 0.2 = 36.8
    assert statistics.smallest_difference(36) is None
    found = statistics.smallest_difference(37)
    assert found is not None
    assert 0.19 < found < 0.2
    # Where every question changes, 1.960² = 3.84 are enough.
    assert statistics.smallest_difference(3, discordant_share=1) is None
    assert statistics.smallest_difference(4, discordant_share=1) is not None
    assert statistics.smallest_difference(0) is statistics.smallest_difference(1000, discordant_share=0) is None


@pytest.mark.parametrize(
    ("share", "power", "alpha"),
    [(1.001, 0.8, 0.05), (-0.1, 0.8, 0.05), (0.2, 0.49, 0.05), (0.2, 1, 0.05), (0.2, 0.8, 0), (0.2, 0.8, 1)],
)
def test_impossible_shares_are_refused(share: float, power: float, alpha: float) -> None:
    with pytest.raises(ValueError):
        statistics.smallest_difference(100, share, power, alpha)


# --- what changed ----------------------------------------------------------------------------------------------------


def test_flips_are_told_apart_and_kept_in_order() -> None:
    before = {"d": True, "a": True, "c": False, "b": False, "e": True, "f": False}
    after = {"a": False, "b": True, "c": True, "d": False, "e": True, "f": False}
    assert statistics.flips(before, after) == Flip(went_wrong=("d", "a"), came_right=("c", "b"))


def test_nothing_flips_between_runs_that_are_alike_or_empty() -> None:
    assert statistics.flips({"a": True}, {"a": True}) == statistics.flips({}, {}) == Flip((), ())


def test_a_question_that_only_one_run_has_is_named() -> None:
    with pytest.raises(ValueError, match=r"two runs: b, z$"):
        statistics.flips({"a": True, "z": True}, {"a": True, "b": False})
