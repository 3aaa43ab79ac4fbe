"""How sure the scores of one run are: noise, bands of ties, corrected differences, shrunken winners.

The scores x_ij of K candidates under n common seeds are taken as candidate + seed + noise. What a seed does
to all cancels in their differences; the noise that is left is estimated from all candidates together,

    s^2 = sum (x_ij - x_i. - x_.j + x_..)^2 / ((K - 1) (n - 1)),

because a handful of seeds says little about each candidate alone. With one seed only the binomial error of
the validation images is known, p (1 - p) / n_val: a lower bound, other seeds add to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit  # scipy.stats takes a second to import

from nas.analysis.correction import LEVEL, SAME, holm


@dataclass(frozen=True)
class Noise:
    """Standard errors of scores and of their differences; fractions."""

    spread: float | None  #: s, of one training; None: unknown, the binomial error of the images alone
    degrees: float  #: of freedom of `spread`; infinite for the binomial error
    n_seeds: int
    val_size: int

    def of_score(self, score: float) -> float:
        """Of a mean over the seeds, but for what the seeds do to all."""
        if self.spread is not None:
            return self.spread / math.sqrt(self.n_seeds)
        return math.sqrt(max(score * (1 - score), 0.0) / self.val_size)

    def of_difference(self, a: float, b: float) -> float:
        """Of the difference of two means over the same seeds."""
        return math.hypot(self.of_score(a), self.of_score(b))

    def p(self, a: float, b: float) -> float:
        """Two-sided, that a difference as large comes from noise alone."""
        error = self.of_difference(a, b)
        if error == 0:
            return float(a == b)
        return float(2 * _below(-abs(a - b) / error, self.degrees))

    def half_width(self, a: float, b: float) -> float:
        """Of the 95 % interval of the difference."""
        return _quantile(1 - LEVEL / 2, self.degrees) * self.of_difference(a, b)


@dataclass(frozen=True)
class Contrast:
    """A candidate's mean minus a reference's, its 95 % interval, and p corrected for the whole run."""

    difference: float
    ci_low: float
    ci_high: float
    p_holm: float


def noise(scores: Sequence[Sequence[float]], val_size: int | None) -> Noise | None:
    """From the scores of each candidate, seed by seed; None where nothing is known of it.

    After a race some have more seeds than others: those with the most enter, where there are two of them.
    val_size  None: scores without an error of a sample, whose spread is all that can be known
    """
    lengths = [len(row) for row in scores]
    if not lengths:
        return None
    n = max(lengths, key=lambda length: (lengths.count(length) > 1, length))
    table = np.array([row for row in scores if len(row) == n])
    candidates = len(table)
    if n < 2 or candidates < 2:
        return None if val_size is None else Noise(None, math.inf, n, val_size)
    rest = table - table.mean(1, keepdims=True) - table.mean(0, keepdims=True) + table.mean()
    degrees = (candidates - 1) * (n - 1)
    spread = math.sqrt(float(np.sum(rest**2)) / degrees)
    if spread < SAME:  # no noise was seen: that is luck of few seeds, not certainty
        return None if val_size is None else Noise(None, math.inf, n, val_size)
    return Noise(spread, degrees, n, val_size or 1)


def _below(t: float, degrees: float) -> float:
    """Student's t distribution; the normal one for infinite degrees of freedom."""
    return float(ndtr(t) if math.isinf(degrees) else stdtr(degrees, t))


def _quantile(share: float, degrees: float) -> float:
    return float(ndtri(share) if math.isinf(degrees) else stdtrit(degrees, share))


def bands(means: Mapping[int, float], of: Noise) -> dict[int, tuple[int, int]]:
    """The ranks from - to of the band that each candidate is in; keys are the candidates' numbers.

    The best leads the first band; in it are all that cannot be told from the leader (Holm over all below it).
    The best of the rest leads the next one.
    """
    order = sorted(means, key=lambda number: (-means[number], number))
    found: dict[int, tuple[int, int]] = {}
    start = 0
    while start < len(order):
        leader, *below = order[start:]
        adjusted = holm([of.p(means[leader], means[other]) for other in below])
        tied = sum(p is None or p >= LEVEL for p in adjusted)
        for number in order[start : start + 1 + tied]:
            found[number] = (start + 1, start + 1 + tied)
        start += 1 + tied
    return found


def contrasts(means: Mapping[int, float], reference: int, of: Noise) -> dict[int, Contrast]:
    """Every candidate but the reference against it, corrected together."""
    base = means[reference]
    others = [number for number in means if number != reference]
    adjusted = holm([of.p(means[number], base) for number in others])
    found = {}
    for number, p in zip(others, adjusted, strict=True):
        difference, half = means[number] - base, of.half_width(means[number], base)
        found[number] = Contrast(
            difference, difference - half, difference + half, p if p is not None else 1.0
        )
    return found


def shrunken(means: Mapping[int, float], of: Noise) -> dict[int, float]:
    """What each candidate would score again, expected: the best of many noisy ones is partly the luckiest.

    m + (x - m) t^2 / (t^2 + e^2), normal prior and noise (Efron & Morris 1973), where e is the noise of a
    score, m the median of all and t^2 = (interquartile range / 1.349)^2 - e^2, which failures far below do
    not move.
    """
    if not means:
        return {}
    values = np.array(list(means.values()))
    middle = float(np.median(values))
    low, high = np.quantile(values, (0.25, 0.75))
    error = of.of_score(middle) ** 2
    prior = max(((high - low) / 1.349) ** 2 - error, 0.0)
    share = prior / (prior + error) if prior + error > 0 else 1.0
    return {number: middle + (x - middle) * float(share) for number, x in means.items()}
