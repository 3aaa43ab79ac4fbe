"""The benchmark of the scores: the same cells each time, intervals that hold, quantiles in order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from nas.rows.cells import parse_cell
from nas.rows.scores import SCORES
from nas.scores.measure import Measured
from tests.benchmarks.scores import agreement, interval, quantiles, random_cells, record, table


def found(n: int) -> list[Measured]:
    rng = np.random.default_rng(0)
    return [
        Measured(cell, 10 * i + 1, 100 * i, {name: float(rng.normal()) for name in SCORES}, 0.5 + i)
        for i, cell in enumerate(random_cells(n, 3))
    ]


def test_cells_are_random_and_repeatable() -> None:
    assert random_cells(20, 1) == random_cells(20, 1) != random_cells(20, 2)
    assert all(str(parse_cell(cell)) == cell for cell in random_cells(20, 1))


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng, rho, n = np.random.default_rng(1), 0.8, 40
    true = 6 / math.pi * math.asin(rho / 2)  # Spearman's of a Gaussian with correlation rho
    held = 0
    for _ in range(400):
        x, e = rng.normal(size=(2, n))
        low, high = interval(spearmanr(x, rho * x + math.sqrt(1 - rho**2) * e).statistic, n)
        held += low < true < high
    assert held / 400 == pytest.approx(0.95, abs=0.035)
    assert interval(1.0, 40) == interval(0.5, 3) == (-1.0, 1.0)


def test_agreement_is_that_of_ranks() -> None:
    cells = found(12)
    correlations = agreement(cells, [-(one.scores["swap"] ** 3) for one in cells])
    assert correlations["swap"][0] == pytest.approx(-1)
    assert set(correlations) == {*SCORES, "parameters", "score"}


def test_the_record_says_what_was_measured() -> None:
    cells = found(5)
    result = record(cells, {})
    assert result["seconds"] == {"mean": 2.5, "median": 2.5, "longest": 4.5}
    assert [one["arch"] for one in result["cells"]] == [one.arch for one in cells]
    assert "n = 5: mean 2.5 s, longest 4.5 s a cell" in table(result)
    for levels in quantiles(cells).values():
        assert len(levels) == 21
        assert levels == sorted(levels)
