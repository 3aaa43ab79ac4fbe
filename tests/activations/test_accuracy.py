"""Eager and compiled float32 against 80 digits of mpmath: a sample of `tests.benchmarks.accuracy`.

The bound is 4 ulp times the condition number of the calculation; the figures of the whole are in
runs/records/accuracy.json.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nas.health.finite import finite_range
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse
from tests.benchmarks.accuracy import FAR, candidates, catalogue, errors, points

UNITS = 4  #: ulp x condition number of the calculation


def check(expression: Expression, x: object) -> list[float]:
    found, left_out = errors(expression, x)
    assert left_out < len(found)
    worst = max(found, key=lambda e: e.of_calculation)
    assert worst.of_calculation <= UNITS, worst
    return [e.of_function for e in found]


@pytest.mark.slow
def test_the_catalogue() -> None:
    """And 97 of 100 numbers stay within 8 ulp x condition number of the function itself."""
    units = [u for i, expression in enumerate(catalogue()) for u in check(expression, points(8, i))]
    assert np.mean(np.array(units) <= 8) > 0.97


def test_random_candidates_in_their_finite_range() -> None:
    units = []
    for number, expression in enumerate(candidates(15, seed=1)):
        reach = finite_range(expression, torch.float32)
        if reach is not None:
            low, high = max(reach.low, -FAR), min(reach.high, FAR)
            found, _ = errors(expression, points(12, number, low, high))
            assert all(e.of_calculation <= UNITS for e in found), max(found, key=lambda e: e.of_calculation)
            units += [e.of_function for e in found]
    assert len(units) > 300
    assert np.mean(np.array(units) <= 8) > 0.9


@pytest.mark.parametrize(
    ("text", "x", "of_function"),
    [("x - tanh(x)", 1e-3, 1e3), ("x - sin(x)", 1e-3, 1e3), ("cosh(x) - 1", 1e-3, 1e3)],
)
def test_what_float32_cannot_save_is_told_apart_from_a_fault(text: str, x: float, of_function: float) -> None:
    found, _ = errors(parse(text), np.float32([x]))
    value = next(e for e in found if e.what == "f")
    assert value.of_function > of_function
    assert value.of_calculation <= UNITS


def test_an_inaccurate_form_is_seen() -> None:
    """The same function from atoms that cancel: only the calculation's own condition number covers it."""
    x = points(60, 3, -20.0, 20.0)
    good = [e.of_function for e in errors(parse("x*sigmoid(x)"), x)[0]]
    naive = [e.of_function for e in errors(parse("x/2 + x*tanh(x/2)/2"), x)[0]]
    assert max(good) <= 8 < max(naive)
