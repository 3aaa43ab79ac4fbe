"""Shares of variance against closed forms, brute force and known truths."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from nas.analysis import variance
from nas.analysis.variance import interaction, main_effect


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few resamples, where no interval is looked at."""
    monkeypatch.setattr(variance, "_RESAMPLES", 9)


def test_the_share_is_epsilon_squared(quick: None) -> None:
    rng = np.random.default_rng(4)
    groups = rng.integers(0, 4, 37)
    scores = 0.7 * groups + rng.standard_normal(37)
    f, k, n = stats.f_oneway(*(scores[groups == g] for g in range(4))).statistic, 4, 37
    found = main_effect(scores, groups, 0)
    assert found is not None
    assert found.share == pytest.approx((f - 1) * (k - 1) / ((k - 1) * f + n - k), rel=1e-12)


def test_p_is_that_of_all_permutations(quick: None) -> None:
    scores = np.array([0.31, 1.7, 2.2, 0.9, 1.1, 2.9, 3.3, 1.4])
    groups = np.array([0, 0, 1, 0, 0, 1, 1, 1])
    of_all = [abs(scores[list(some)].sum() - scores.sum() / 2) for some in combinations(range(8), 4)]
    seen = abs(scores[groups == 0].sum() - scores.sum() / 2)
    exact = np.mean([one >= seen - 1e-12 for one in of_all])
    found = main_effect(scores, groups, 0)
    assert found is not None
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact / 200))
    assert 0.01 < exact < 0.2


def test_noise_is_found_at_the_rate_it_should_be(quick: None) -> None:
    rng = np.random.default_rng(1)
    alone, pairs = [], []
    for i in range(100):
        a, b = rng.integers(0, 3, (2, 30))
        scores = rng.standard_normal(30)
        alone.append(main_effect(scores, a, i).p)  # type: ignore[union-attr]
        pairs.append(interaction(1.5 * a - b + scores, a, b, i).p)  # type: ignore[union-attr]
    for found in (alone, pairs):
        assert stats.binomtest(sum(p < 0.1 for p in found), 100, 0.1).pvalue > 0.01


def test_the_share_of_a_pair_is_what_its_cells_add() -> None:
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 3, 60), rng.integers(0, 2, 60)
    scores = a + 0.5 * b + 1.1 * (a == b) + rng.standard_normal(60)
    cells = np.stack([(a == i) & (b == j) for i in range(3) for j in range(2)], axis=1).astype(float)
    added = np.stack([np.ones(60), a == 1, a == 2, b == 1], axis=1).astype(float)
    left = [float(np.linalg.lstsq(x, scores, rcond=None)[1][0]) / (60 - x.shape[1]) for x in (added, cells)]
    found = interaction(scores, a, b, 0)
    assert found is not None
    assert found.share == pytest.approx((left[0] - left[1]) / np.var(scores, ddof=1), rel=1e-9)


@pytest.mark.parametrize("truth", [0.0, 0.3])
def test_the_interval_has_the_truth_in_most_samples(truth: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two groups of mean +-d/2 and variance 1: the share is d^2/4 / (1 + d^2/4)."""
    monkeypatch.setattr(variance, "_RESAMPLES", 199)
    monkeypatch.setattr(variance, "_MOST_PERMUTED", 1)  # p is not looked at
    distance = 2 * np.sqrt(truth / (1 - truth))
    rng = np.random.default_rng(3)
    inside = 0
    for i in range(60):
        groups = rng.integers(0, 2, 40)
        found = main_effect(distance * groups + rng.standard_normal(40), groups, i)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= found.high <= 1
        inside += found.low <= truth <= found.high
    assert inside >= 50


@pytest.mark.parametrize(
    ("scores", "groups"),
    [([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1]), ([1.0] * 30, [0, 1, 2] * 10), (list(range(30)), [0] * 30)],
)
def test_what_cannot_be_told_is_not(scores: list[float], groups: list[int]) -> None:
    assert main_effect(scores, np.array(groups), 0) is None
    assert interaction(scores, np.array(groups), np.array(groups), 0) is None
