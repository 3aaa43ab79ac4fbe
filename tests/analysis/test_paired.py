"""The statistics of paired scores against scipy's own, simulation and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nas.analysis.correction import holm
from nas.analysis.paired import BOOTSTRAP_FROM, paired, pooled_spread, power, seeds_needed

A = [0.6123, 0.6231, 0.6017, 0.6302, 0.6188, 0.6099, 0.6275, 0.6154]
B = [0.6050, 0.6202, 0.6031, 0.6211, 0.6102, 0.6079, 0.6190, 0.6147]


def test_the_t_test_and_its_interval_are_scipys() -> None:
    result = paired(A, B)
    oracle = stats.ttest_rel(A, B)
    interval = oracle.confidence_interval(0.95)
    assert result.difference == pytest.approx(np.mean(A) - np.mean(B), rel=1e-12)
    assert result.p == pytest.approx(oracle.pvalue, rel=1e-12)
    assert (result.ci_low, result.ci_high) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert result.n_seeds == 8


def test_the_order_of_the_two_only_turns_the_sign() -> None:
    there, back = paired(A, B), paired(B, A)
    assert back.difference == -there.difference
    assert back.p == there.p
    assert (back.ci_low, back.ci_high) == (-there.ci_high, -there.ci_low)  # type: ignore[operator]


def test_what_a_seed_does_to_both_cancels() -> None:
    shift = np.linspace(-0.2, 0.3, len(A))
    assert paired(np.add(A, shift), np.add(B, shift)).p == pytest.approx(paired(A, B).p, rel=1e-9)


def test_special_cases() -> None:
    same = paired(A, A)
    assert (same.difference, same.p, same.ci_low, same.ci_high) == (0.0, 1.0, 0.0, 0.0)
    assert same.equivalence(0.001) == 1.0
    one = paired([0.6], [0.5])
    assert (one.spread, one.p, one.ci_low, one.equivalence(0.01)) == (None, None, None, None)
    for a, b in (([0.625, 0.75], [0.5, 0.625]), ([0.57, 0.52], [0.56, 0.51])):  # 0.57 - 0.56 != 0.52 - 0.51
        equal = paired(a, b)
        assert equal.difference == pytest.approx(a[0] - b[0])
        assert (equal.p, equal.ci_low, equal.equivalence(0.5)) == (None, None, None)


@pytest.mark.slow
def test_intervals_cover_what_they_say() -> None:
    """Simulated: 95 % within 3 standard errors with the t interval, with the bootstrap a little less."""
    draw = np.random.default_rng(3)
    for n, rounds, least in ((5, 2000, 0.935), (BOOTSTRAP_FROM, 150, 0.87)):
        hits = 0
        for _ in range(rounds):
            result = paired(draw.normal(0.61, 0.01, n) + 0.004, draw.normal(0.6, 0.01, n))
            assert result.ci_low is not None
            assert result.ci_high is not None
            hits += result.ci_low <= 0.014 <= result.ci_high
        assert least < hits / rounds < 0.99


def test_the_bootstrap_repeats_itself() -> None:
    a = np.random.default_rng(1).normal(0.6, 0.01, 24)
    assert paired(a, a[::-1]) == paired(a, a[::-1])


def test_equivalence_is_the_area_of_student_t_between_the_margins() -> None:
    result = paired(A, B)
    assert result.spread is not None
    error = result.spread / math.sqrt(8)
    grid = np.linspace(-0.007, 0.007, 20001)
    density = stats.t.pdf((grid - result.difference) / error, 7) / error
    assert result.equivalence(0.007) == pytest.approx(np.trapezoid(density, grid), rel=1e-6)


def test_holm_against_the_published_example() -> None:
    """R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03, 0.06, 0.06, 0.02."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, None, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.001, 0.999))
def test_holm_rejects_what_its_steps_reject(p_values: list[float], level: float) -> None:
    """Step down by definition: reject from the smallest on while p_(i) <= level / (m - i + 1)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    rejected = set()
    for place, i in enumerate(order):
        if p_values[i] * (len(p_values) - place) > level:
            break
        rejected.add(i)
    assert {i for i, p in enumerate(holm(p_values)) if p is not None and p <= level} == rejected


@pytest.mark.parametrize(("spread", "difference", "n"), [(0.01, 0.01, 7), (0.003, 0.001, 60)])
def test_power_by_simulation(spread: float, difference: float, n: int) -> None:
    draw = np.random.default_rng(11).normal(difference, spread, (20_000, n))
    found = np.mean(stats.ttest_1samp(draw, 0.0, axis=1).pvalue < 0.05)
    assert power(spread, difference, n) == pytest.approx(found, abs=0.012)


def test_seeds_needed_is_the_smallest_number() -> None:
    for spread, difference in ((0.0014, 0.001), (0.0014, 0.002), (0.02, 0.001)):
        n = seeds_needed(spread, difference)
        assert n is not None
        assert power(spread, difference, n) >= 0.8
        assert n == 2 or power(spread, difference, n - 1) < 0.8
    assert seeds_needed(0.0, 0.001) == 2
    assert seeds_needed(1.0, 1e-6) is None
    with pytest.raises(ValueError, match="cannot be found"):
        seeds_needed(0.01, 0.0)


def test_pooled_spread_covers_the_true_one() -> None:
    draw = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        samples = draw.normal(0, 0.7, (6, 4))
        spread, low, high = pooled_spread(samples.std(axis=1, ddof=1).tolist(), [3] * 6, 18)
        assert low < spread < high
        hits += low < 0.7 < high
    assert 0.92 < hits / 400 < 0.98
