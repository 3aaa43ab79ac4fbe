"""The evidence against an integral, its error under repeated looks, and whom a race sends out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import norm

from nas.search.racing import LEVEL, contenders, evidence, next_in_race

SAMPLE = [0.8, 0.35, 1.4, -0.2, 0.9]


def _likelihood(x: np.ndarray, effect: float) -> float:
    """Integral over s of prod N(x_i; effect s, s^2) / s, the right Haar prior: unnormalized."""
    n = len(x)

    def inside(log_s: float) -> float:
        s = np.exp(log_s)
        return float(np.exp(norm.logpdf(x, effect * s, s).sum() + gammaln(1) - n * 0))

    return quad(inside, -8, 8, limit=200)[0]


@pytest.mark.slow
def test_the_evidence_is_the_integral_that_the_text_says() -> None:
    x = np.array(SAMPLE)
    mixed = quad(lambda d: _likelihood(x, d) * norm.pdf(d), -8, 8, limit=100)[0]
    assert evidence(SAMPLE) == pytest.approx(mixed / _likelihood(x, 0.0), rel=1e-6)


def test_the_spread_does_not_matter() -> None:
    assert evidence([7.3 * x for x in SAMPLE]) == pytest.approx(evidence(SAMPLE))
    assert evidence([0.3]) == 1.0
    assert evidence([0.0, 0.0, 0.0]) == 1.0
    assert 1e15 < evidence([0.01] * 40) < float("inf")


def test_looking_after_every_seed_keeps_the_level() -> None:
    """Of 2,000 sequences without a difference, looked at 60 times each, few ever reach 1 / LEVEL."""
    draws = np.random.default_rng(3).normal(0, 0.007, (2000, 60))
    n = np.arange(1, 61)
    total, square = draws.cumsum(1), (draws**2).cumsum(1)
    with np.errstate(divide="ignore"):
        log_e = n / 2 * np.log(square / (square - total**2 / (1 + n))) - np.log1p(n) / 2
    assert log_e[7, 29] == pytest.approx(np.log(evidence(draws[7, :30].tolist())))
    crossed = (log_e[:, 1:] >= np.log(1 / LEVEL)).any(1).mean()
    assert crossed <= LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / 2000)
    assert crossed > 0.01  # and the test has power: it is no empty bound


def test_a_clearly_worse_one_gets_no_further_seed() -> None:
    scores = {
        1: (0.61, 0.62, 0.60, 0.615, 0.61, 0.62, 0.61, 0.615),
        2: (0.51, 0.53, 0.50, 0.512, 0.515, 0.52, 0.51, 0.515),
        3: (0.608, 0.625, 0.598, 0.611),
    }
    assert contenders(scores) == [1, 3]
    assert next_in_race(scores, 12) == 3
    assert next_in_race(scores, 4) is None
    assert next_in_race({1: scores[1], 2: scores[2]}, 99) is None
    assert next_in_race({}, 9) is None
    assert next_in_race({5: (0.3,)}, 9) is None
    assert next_in_race({5: (0.3,), 6: (0.4,)}, 9) == 6
