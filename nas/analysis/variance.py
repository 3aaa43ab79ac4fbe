"""How much of the variance of scores a grouping explains, and how sure that is; it knows nothing of runs.

Two models are held against each other, a smaller one inside a larger one: a constant inside the means of
groups, or the sum of two effects inside the means of all cells. Both are ranges of orthonormal columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from nas.analysis.correction import LEVEL, SAME

Numbers = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]  #: the group of each score, from 0

_LEAST_FREE = 5  #: degrees of freedom of the error below which nothing is said
_RESAMPLES = 1999
_MOST_PERMUTED = 9999
_ENOUGH = 25  #: permutations as extreme as the scores after which p is known well enough to stop
_CHUNK = 250


@dataclass(frozen=True)
class Explained:
    """Of the variance of scores, by a model."""

    share: float  #: adjusted for degrees of freedom; an estimate below 0 is given as 0
    p: float
    low: float | None = None  #: of the 95 % interval
    high: float | None = None


def main_effect(scores: Sequence[float], groups: Groups, seed: int) -> Explained | None:
    """Explained by the means of `groups`: epsilon^2 = 1 - (SSE/(n - k)) / (SST/(n - 1)) (Kelley 1935).

    p by permutation, exact where scores are exchangeable. The interval is a percentile bootstrap over trials,
    moved to where its mean is the share, since resampled shares are too large: trials that come twice agree.
    In simulations with 30 to 100 scores in 3 to 10 groups it covers the truth 90 to 99 times in 100, a plain
    percentile one 83 to 99 times. None with one group or too few scores.
    """
    y, rng = np.asarray(scores, dtype=np.float64), np.random.default_rng(seed)
    found = _explained(y, _constant(len(y)), _means(groups), rng)
    if found is None:
        return None
    resampled = stats.bootstrap(
        (y, groups),
        _epsilon,
        paired=True,
        vectorized=True,
        method="percentile",  # only its distribution is asked for
        n_resamples=_RESAMPLES,
        random_state=rng,
    ).bootstrap_distribution
    shifted = resampled - resampled.mean() + _epsilon(y, groups)
    low, high = np.clip(np.quantile(shifted, [LEVEL / 2, 1 - LEVEL / 2]), 0.0, 1.0)
    return Explained(found.share, found.p, float(low), float(high))


def interaction(scores: Sequence[float], a: Groups, b: Groups, seed: int) -> Explained | None:
    """Explained by the means of all cells beyond the sum of the effects of a and of b, both adjusted.

    p by permuting what the sum leaves over (Freedman & Lane 1983). None where the cells say nothing that the
    sum does not say, or with too few scores for them.
    """
    y, rng = np.asarray(scores, dtype=np.float64), np.random.default_rng(seed)
    both = np.hstack([_constant(len(y)), _means(a), _means(b)])
    left, values, _ = np.linalg.svd(both, full_matrices=False)
    cells = np.unique(np.stack([a, b]), axis=1, return_inverse=True)[1].reshape(-1)
    return _explained(y, left[:, values > 1e-9 * values[0]], _means(cells), rng)


def _explained(y: Numbers, small: Numbers, large: Numbers, rng: np.random.Generator) -> Explained | None:
    n, free = len(y), len(y) - large.shape[1]
    if free < _LEAST_FREE or large.shape[1] <= small.shape[1] or np.ptp(y) == 0:
        return None
    total = _left(y - y.mean(), _constant(n)) / (n - 1)
    adjusted = [float(_left(y, model)) / (n - model.shape[1]) for model in (small, large)]
    share = min(max(float((adjusted[0] - adjusted[1]) / total), 0.0), 1.0)
    return Explained(share, _permuted(y - small @ (small.T @ y), small, large, rng))


def _permuted(rest: Numbers, small: Numbers, large: Numbers, rng: np.random.Generator) -> float:
    """The chance of as much explained as in `rest` itself when its values are in any order.

    The permutations stop once _ENOUGH of them explain as much (Besag & Clifford 1991): p stays exact.
    """
    bound = _ratio(rest, small, large) + SAME
    extreme, drawn = 0, 0
    while drawn < _MOST_PERMUTED:
        count = min(_CHUNK, _MOST_PERMUTED - drawn)
        orders = rng.permuted(np.tile(rest, (count, 1)), axis=1)
        hits = np.flatnonzero(_ratio(orders, small, large) <= bound)
        if extreme + len(hits) >= _ENOUGH:
            return _ENOUGH / (drawn + int(hits[_ENOUGH - extreme - 1]) + 1)
        extreme, drawn = extreme + len(hits), drawn + count
    return (extreme + 1) / (drawn + 1)


def _ratio(y: Numbers, small: Numbers, large: Numbers) -> Numbers:
    """What the large model leaves over as a share of what the small one does; 0: everything explained."""
    return np.asarray(_left(y, large) / np.maximum(_left(y, small), np.finfo(float).tiny))


def _left(y: Numbers, model: Numbers) -> Numbers:
    """The sum of squares that `model` leaves over of y, of its last axis."""
    rest: Numbers = np.sum(y * y, axis=-1) - np.sum((y @ model) ** 2, axis=-1)
    return np.maximum(rest, 0.0)


def _constant(n: int) -> Numbers:
    return np.full((n, 1), n**-0.5)


def _means(groups: Groups) -> Numbers:
    """One column of length 1 for each group that is there."""
    members = (groups[:, None] == np.unique(groups)).astype(np.float64)
    return np.asarray(members / np.sqrt(members.sum(axis=0)))


def _epsilon(y: Numbers, groups: Groups, axis: int = -1) -> Numbers:
    """Epsilon^2 over the last axis of many samples at once; 0 where a sample has one group or one value."""
    n, last = y.shape[axis], int(groups.max())
    total = np.var(y, axis=axis) * n
    between, filled = np.zeros_like(total), np.zeros_like(total)
    for group in range(last + 1):
        members = groups == group
        count = members.sum(axis=axis)
        shift = ((y - y.mean(axis=axis, keepdims=True)) * members).sum(axis=axis)
        between += shift**2 / np.maximum(count, 1)
        filled += count > 0
    usable = (total > 0) & (filled < n)
    error = (total - between) / np.maximum(n - filled, 1) * (n - 1)
    return np.asarray(np.where(usable, 1 - error / np.where(total > 0, total, 1.0), 0.0))
