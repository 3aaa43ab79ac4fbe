"""Noise, bands, corrected contrasts and shrunken scores against least squares, scipy and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nas.analysis.correction import holm
from nas.analysis.doubt import bands, contrasts, noise, shrunken

SCORES = [
    [0.6123, 0.6231, 0.6017],
    [0.6301, 0.6355, 0.6197],
    [0.5522, 0.5711, 0.5409],
    [0.6111, 0.6298, 0.6052],
    [0.6288, 0.6391, 0.6224],
]
MEANS = dict(enumerate(np.mean(SCORES, axis=1).tolist()))


def test_the_noise_is_the_residual_of_least_squares() -> None:
    """Dummy variables for candidates and seeds, as any textbook fits a randomized block design."""
    table = np.array(SCORES)
    rows, columns = (i.ravel() for i in np.indices(table.shape))
    design = np.hstack([np.eye(5)[rows], np.eye(3)[columns][:, 1:]])
    residual = table.ravel() - design @ np.linalg.lstsq(design, table.ravel(), rcond=None)[0]
    found = noise(SCORES, 5000)
    assert found is not None
    assert found.degrees == 15 - 7
    assert found.spread == pytest.approx(math.sqrt(np.sum(residual**2) / 8), rel=1e-9)


def test_what_a_seed_does_to_all_is_no_noise() -> None:
    shifted = [[score + s for score, s in zip(row, (0.1, -0.2, 0.05), strict=True)] for row in SCORES]
    first, second = noise(SCORES, 5000), noise(shifted, 5000)
    assert first is not None
    assert second is not None
    assert second.spread == pytest.approx(first.spread, rel=1e-9)


def test_contrasts_are_student_t_and_holm() -> None:
    of = noise(SCORES, 5000)
    assert of is not None
    assert of.spread is not None
    error = of.spread * math.sqrt(2 / 3)
    found = contrasts(MEANS, 0, of)
    raw = [2 * stats.t.sf(abs(MEANS[i] - MEANS[0]) / error, 8) for i in (1, 2, 3, 4)]
    for i, p in zip((1, 2, 3, 4), holm(raw), strict=True):
        assert found[i].p_holm == pytest.approx(p, rel=1e-9)
        assert found[i].difference == pytest.approx(MEANS[i] - MEANS[0])
        assert found[i].ci_high - found[i].ci_low == pytest.approx(
            2 * stats.t.ppf(0.975, 8) * error, rel=1e-9
        )


def test_one_seed_knows_the_images_alone() -> None:
    of = noise([[0.6], [0.65]], 400)
    assert of is not None
    assert of.spread is None
    error = math.sqrt((0.6 * 0.4 + 0.65 * 0.35) / 400)
    assert of.p(0.6, 0.65) == pytest.approx(2 * stats.norm.sf(0.05 / error), rel=1e-9)


def test_odd_runs() -> None:
    assert noise([], 5000) is None
    one = noise([[0.6, 0.61]], 5000)
    assert one is not None
    assert one.spread is None  # one candidate: nothing tells noise from what the seeds do
    still = noise([[0.5, 0.5], [0.6, 0.6]], 5000)
    assert still is not None
    assert still.spread is None  # no noise seen in two seeds is luck
    assert 0 < still.p(0.5, 0.6) < still.p(0.5, 0.5) == 1.0
    assert shrunken({}, still) == {}


def test_bands_hold_who_cannot_be_told_apart() -> None:
    of = noise(SCORES, 5000)
    assert of is not None
    found = bands(MEANS, of)
    assert found[2] == (5, 5)
    assert found[4] == found[1] == (1, 2)
    assert found[0] == found[3] == (3, 4)


@given(st.lists(st.floats(0.3, 0.7), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_bands_cover_the_ranks_once_and_in_order(means: list[float], spread: float) -> None:
    draw = np.random.default_rng(0)
    of = noise((np.array(means)[:, None] + draw.normal(0, spread, (len(means), 3))).tolist(), 5000)
    assert of is not None
    found = bands(dict(enumerate(means)), of)
    order = sorted(range(len(means)), key=lambda i: (-means[i], i))
    for rank, number in enumerate(order, start=1):
        low, high = found[number]
        assert low <= rank <= high
        assert {found[order[r - 1]] for r in range(low, high + 1)} == {(low, high)}


def test_the_shrunken_winner_is_less_wrong() -> None:
    """Simulated: the best of 40 noisy scores overstates itself; shrunken, it does on average by a tenth."""
    draw = np.random.default_rng(7)
    naive, better = [], []
    for _ in range(300):
        true = draw.normal(0.6, 0.01, 40)
        scores = true[:, None] + draw.normal(0, 0.01, (40, 3))
        of = noise(scores.tolist(), 5000)
        assert of is not None
        means = dict(enumerate(scores.mean(1).tolist()))
        winner = max(means, key=means.__getitem__)
        naive.append(means[winner] - true[winner])
        better.append(shrunken(means, of)[winner] - true[winner])
    assert np.mean(naive) > 0.004
    assert abs(np.mean(better)) < 0.3 * np.mean(naive)
