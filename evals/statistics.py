"""Statistics: how sure a rate is, and whether two runs over the same questions differ by more than chance.

A figure that a handful of questions cannot give is None. Whatever draws at random draws the same each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from scipy import stats

DRAWS = 10_000
SEED = 1947
EXACT = 14  # differences; up to here all their 2**14 signs are gone through, which is no slower than drawing


@dataclass(frozen=True)
class Interval:
    """A confidence interval, in the unit of what it is of; both ends belong to it."""

    low: float
    high: float


@dataclass(frozen=True)
class Flip:
    """The ids of the questions that an earlier run had right and a later one has wrong, and the other way round."""

    went_wrong: tuple[str, ...]
    came_right: tuple[str, ...]


def wilson(hits: int, of: int, confidence: float = 0.95) -> Interval | None:
    """Return the score interval of the rate ``hits / of``, between 0 and 1; None for a rate of nothing.

    The questions are taken as independent. Raises ValueError where ``hits`` is not between 0 and ``of``.
    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212.
    """
    if of == 0:
        return None
    found = stats.binomtest(hits, of).proportion_ci(confidence, method="wilson")
    return Interval(float(found.low), float(found.high))


def bootstrap(
    values: Sequence[float | None],
    clusters: Sequence[str],
    draws: int = DRAWS,
    seed: int = SEED,
    confidence: float = 0.95,
) -> Interval | None:
    """Return the percentile interval of the mean of ``values``, in their unit.

    Whole clusters are drawn, with replacement: questions on one source stand or fall together. ``clusters`` names the
    cluster of each value. Values that are None are left out, and with them a cluster that has no other. None where
    fewer than two clusters remain: how far sources differ cannot be seen in one. Raises ValueError where ``values``
    and ``clusters`` are not equally many.
    Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), 3.8 (clusters) and 5.3 (percentiles).
    """
    kept = [(value, cluster) for value, cluster in zip(values, clusters, strict=True) if value is not None]
    names, cluster_of = np.unique([cluster for _, cluster in kept], return_inverse=True)
    if len(names) < 2:
        return None
    sums = np.bincount(cluster_of, weights=[value for value, _ in kept])
    sizes = np.bincount(cluster_of)
    found = stats.bootstrap(
        (sums, sizes),
        _mean,
        paired=True,
        n_resamples=draws,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> float:
    """Return the two-sided p-value of two runs being right equally often; 1.0 where no question changed.

    Exact: of the questions that changed, as many came right as heads fall among so many coins. Raises ValueError where
    the runs are not equally long.
    Source: McNemar, Note on the sampling error of the difference between correlated proportions or percentages,
    Psychometrika 12 (1947), 153-157.
    """
    changed = [now for then, now in zip(before, after, strict=True) if bool(then) != bool(now)]
    return float(stats.binomtest(sum(changed), len(changed)).pvalue) if changed else 1.0


def sign_flip(differences: Sequence[float], draws: int = DRAWS, seed: int = SEED) -> float:
    """Return the two-sided p-value of the mean of paired ``differences`` being 0; 1.0 where none differs from 0.

    Every sign is as likely as its opposite if nothing differs. All signs are gone through where at most `EXACT`
    differences are not 0 (or ``draws`` is enough for all); else ``draws`` of them are drawn, and the differences as
    they are count as one more, so that p is never 0.
    Source: Fisher, The Design of Experiments (1935), 21; Phipson and Smyth, Permutation p-values should never be zero,
    Statistical Applications in Genetics and Molecular Biology 9 (2010), 39.
    """
    changed = [float(difference) for difference in differences if difference != 0]
    if len(changed) < 2:
        return 1.0
    found = stats.permutation_test(
        (changed,),
        np.sum,
        permutation_type="samples",
        n_resamples=inf if len(changed) <= EXACT else draws,
        batch=1_000,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def smallest_difference(n: int, discordant_share: float = 0.2, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Return the smallest true difference of two paired rates that ``n`` questions show, as a share of 0 to 1.

    "Show" means that McNemar's two-sided test at ``alpha`` finds it with probability ``power``. Assumed are independent
    questions, a share ``discordant_share`` of them answered rightly in one run only, and a number of those that is
    large enough for the normal approximation; the exact test of `mcnemar` needs slightly more. None where ``n``
    questions cannot show even that all of the discordant ones went the same way. Raises ValueError for a share that is
    not between 0 and 1, a ``power`` below a half or not below 1, or an ``alpha`` that is not between 0 and 1.

    With share s, difference d and the normal quantiles a of ``1 - alpha / 2`` and b of ``power``, Connor's n is
    (a √s + b √(s - d²))² / d²; this is that equation solved for d.
    Source: Connor, Sample size for testing differences in proportions for the paired-sample design, Biometrics 43
    (1987), 207-211.
    """
    if not (0 <= discordant_share <= 1 and 0.5 <= power < 1 and 0 < alpha < 1):
        raise ValueError(f"not between 0 and 1, or a power below 0.5: {discordant_share=}, {power=}, {alpha=}")
    a, b = float(stats.norm.isf(alpha / 2)), float(stats.norm.ppf(power))
    if n * discordant_share < (a + b * sqrt(1 - discordant_share)) ** 2:
        return None
    return sqrt(discordant_share) * (a * sqrt(n) + b * sqrt(n + b**2 - a**2)) / (n + b**2)


def flips(before: Mapping[str, bool], after: Mapping[str, bool]) -> Flip:
    """Return which questions went wrong and which came right from one run to the next, in the order of ``before``.

    Each run says by id whether the question was answered rightly. Raises ValueError that names the ids which only one
    of the runs has.
    """
    lone = sorted(before.keys() ^ after.keys())
    if lone:
        raise ValueError(f"only in one of the two runs: {', '.join(lone)}")
    return Flip(
        went_wrong=tuple(id for id in before if before[id] and not after[id]),
        came_right=tuple(id for id in before if after[id] and not before[id]),
    )


def _mean(sums: Any, sizes: Any, axis: int) -> Any:
    return sums.sum(axis=axis) / sizes.sum(axis=axis)
