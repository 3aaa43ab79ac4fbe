"""Two candidates under the same seeds: how far apart they are, and how sure that is.

Both were trained with the same initial weights, batches, augmentation and split for each seed, so the
differences of a seed are compared, not the scores: what a seed does to both cancels. Everything here takes
fractions of the validation part and knows nothing of runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from nas.analysis.correction import LEVEL, SAME

POWER = 0.8  #: the chance to find a difference that is there
#: seeds from which a bootstrap interval covers what it says; a percentile one covers 88 % instead of 95 at 8
BOOTSTRAP_FROM = 20
_RESAMPLES = 9999
_MOST_SEEDS = 1_000_000  # more than anyone trains


@dataclass(frozen=True)
class Paired:
    """mean(a - b) over n seeds, fractions; None where n seeds cannot tell."""

    difference: float
    spread: float | None  #: sample standard deviation of the differences; None for n = 1
    ci_low: float | None
    ci_high: float | None
    p: float | None  #: two-sided paired t test
    n_seeds: int

    def equivalence(self, margin: float) -> float | None:
        """P(|true difference| < margin) under a flat prior: Student's t with n - 1 degrees of freedom.

        None where there is no spread to judge by.
        """
        if self.spread is None or (self.spread == 0 and self.difference != 0):
            return None
        if self.spread == 0:
            return 1.0
        error = self.spread / math.sqrt(self.n_seeds)
        low, high = ((bound - self.difference) / error for bound in (-margin, margin))
        return float(stats.t.cdf(high, self.n_seeds - 1) - stats.t.cdf(low, self.n_seeds - 1))


def paired(a: Sequence[float], b: Sequence[float]) -> Paired:
    """The scores of two candidates, seed by seed: both in the order of the seeds, of one length, at least 1.

    Interval: Student's t below `BOOTSTRAP_FROM` seeds, bias-corrected bootstrap from there on (Efron 1987).
    Differences that are all 0 give p = 1; differences that are all equal and not 0 leave no spread to judge
    by: no interval and no p.
    """
    differences = np.subtract(a, b)
    n, mean = len(differences), float(differences.mean())
    if n < 2:
        return Paired(mean, None, None, None, None, n)
    if np.ptp(differences) < SAME:
        if abs(mean) < SAME:
            return Paired(0.0, 0.0, 0.0, 0.0, 1.0, n)
        return Paired(mean, 0.0, None, None, None, n)
    spread = float(differences.std(ddof=1))
    low, high = _interval(differences)
    return Paired(mean, spread, low, high, float(stats.ttest_1samp(differences, 0.0).pvalue), n)


def _interval(differences: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    if len(differences) >= BOOTSTRAP_FROM:
        found = stats.bootstrap(
            (differences,),
            np.mean,
            confidence_level=1 - LEVEL,
            n_resamples=_RESAMPLES,
            method="BCa",
            rng=np.random.default_rng(0),
        ).confidence_interval
    else:
        found = stats.ttest_1samp(differences, 0.0).confidence_interval(1 - LEVEL)
    return float(found.low), float(found.high)


def power(spread: float, difference: float, n_seeds: int) -> float:
    """The chance that a paired t test of n seeds finds `difference` where differences spread by `spread`.

    1 - P(|T| < t_{1 - LEVEL/2}) for T of the noncentral t distribution with n - 1 degrees of freedom and the
    noncentrality sqrt(n) difference / spread.
    """
    degrees, shift = n_seeds - 1, math.sqrt(n_seeds) * abs(difference) / spread
    limit = stats.t.ppf(1 - LEVEL / 2, degrees)
    above = float(stats.nct.sf(limit, degrees, shift))
    below = float(stats.nct.cdf(-limit, degrees, shift)) if shift < 5 else 0.0  # beyond, less than 1e-10
    return above + below


def seeds_needed(spread: float, difference: float) -> int | None:
    """The fewest paired seeds that find `difference` with the chance POWER; None beyond a million.

    Raises:
        ValueError: a difference of 0 takes no number of seeds.
    """
    if difference == 0:
        raise ValueError("a difference of 0 cannot be found")
    if spread == 0:
        return 2
    normal = stats.norm.ppf(1 - LEVEL / 2) + stats.norm.ppf(POWER)
    about = (normal * spread / difference) ** 2  # what a known spread would take: a lower bound
    if about > _MOST_SEEDS:
        return None
    n: int = max(2, math.floor(about))
    while power(spread, difference, n) < POWER:
        n += 1
    return n


def pooled_spread(
    spreads: Sequence[float], weights: Sequence[int], degrees: int
) -> tuple[float, float, float]:
    """(spread, low, high): one standard deviation from several, with its 95 % interval.

    spread^2 = sum w s^2 / sum w; the interval is that of chi-squared with `degrees` of freedom.
    """
    variance = sum(w * s**2 for s, w in zip(spreads, weights, strict=True)) / sum(weights)
    low, high = (degrees * variance / stats.chi2.ppf(q, degrees) for q in (1 - LEVEL / 2, LEVEL / 2))
    return math.sqrt(variance), math.sqrt(low), math.sqrt(high)
