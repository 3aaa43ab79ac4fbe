"""Families of the catalogue, and the constants that make one take given values.

A family is a row with numbers in it that may be others. Its members on a grid of constants tell which is
nearest; Gauss and Newton's steps lead from there to the constants themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from nas.symbolic.catalogue import CATALOGUE, Activation, Constant
from nas.symbolic.expression import Expression
from nas.symbolic.numeric import Array, evaluate, evaluate_tree
from nas.symbolic.parse import parse

#: off every kink and zero of the catalogue; up to 4 a formula has to have a value
NEAR: Array = np.concatenate(
    [np.linspace(-3.97, 3.93, 70) + 1 / 137, *(sign * np.geomspace(1.3e-8, 3.1, 14) for sign in (-1.0, 1.0))]
)
#: where families are compared
PROBES: Array = np.concatenate([NEAR[::5], [s * x for x in (8.1, 31.7, 160.3, 733.0) for s in (-1.0, 1.0)]])
_IS_NEAR = np.abs(PROBES) < 4


@dataclass(frozen=True)
class Family:
    """A row with fixed constants, and its values on the probes for many settings of them."""

    row: Activation
    expression: Expression  #: with parameters alpha1, alpha2, … for the constants
    settings: Array  #: [settings, constants]
    values: Array  #: [settings, probes], each divided by 1 + |x|
    spacing: Array  #: [settings], the largest change to a neighboring setting

    def at(self, constants: Sequence[float] | Array, x: Array) -> Array:
        """f(x) with these constants."""
        return evaluate(self.expression, x, assign(self.expression, constants))


def assign(expression: Expression, values: Sequence[float] | Array) -> dict[str, float]:
    """A number for each parameter, in their order."""
    return {p.name: float(v) for p, v in zip(expression.parameters, values, strict=True)}


@cache
def families() -> list[Family]:
    """The rows with constants that may be numbers, in the order of the catalogue."""
    return [_family(row) for row in CATALOGUE.values() if row.constants and row.learned != "always"]


def _family(row: Activation) -> Family:
    names = {c.name: f"alpha{i}" for i, c in enumerate(row.constants, start=1)}
    expression = parse(row.formula.format(**names))
    count = 401 if len(names) == 1 else 41
    ranges = [_range(c, count) for c in row.constants]
    settings = np.array(list(product(*ranges)))
    columns = {p.name: column[:, None] for p, column in zip(expression.parameters, settings.T, strict=True)}
    points = np.broadcast_to(PROBES, (len(settings), len(PROBES)))
    values = evaluate_tree(expression.tree, points, columns) / (1 + np.abs(PROBES))
    shape = values.reshape(*[count] * len(names), -1)
    spacing = np.zeros(shape.shape[:-1])
    for axis in range(len(names)):
        step = np.abs(np.diff(shape, axis=axis)).max(axis=-1)
        before, after = [(0, 0)] * len(names), [(0, 0)] * len(names)
        before[axis], after[axis] = (1, 0), (0, 1)
        spacing += np.maximum(np.pad(step, before, "edge"), np.pad(step, after, "edge"))
    return Family(row, expression, settings, values, spacing.ravel())


def _range(constant: Constant, count: int) -> Array:
    """Numbers between the bounds, closer together toward a bound at 0."""
    low, high = constant.low, constant.high
    if low == 0:
        return np.geomspace(min(high, 1.0) * 1e-5, high, count)
    if high == 0:
        return np.asarray(-np.geomspace(min(-low, 1.0) * 1e-5, -low, count))
    return np.linspace(low, high, count)


def solutions(family: Family, probed: Array) -> Iterator[Array]:
    """Constants that may make the family take the values `probed`.

    Found from the near probes alone, as far ones may oscillate; then from all, as a cap may only show there.
    """
    finite = np.isfinite(probed)
    distance = np.abs(family.values[:, finite] - probed[finite]).max(axis=-1)
    nearest = int(np.argmin(distance))
    if distance[nearest] <= 1.1 * family.spacing[nearest] + 1e-9:
        for use in (finite & _IS_NEAR, finite):
            constants = _gauss_newton(family, family.settings[nearest], probed, use)
            if constants is not None:
                yield np.array([float(f"{c:.11g}") for c in constants])


def _gauss_newton(family: Family, constants: Array, probed: Array, use: Any) -> Array | None:
    """From a near start it converges at once, but for kinks on the way, or it does not: then None."""
    error, misses = np.inf, 0
    while misses < 4:
        step, before = _step(family, constants, probed, use), error
        if step is None:
            return None
        constants = constants + step
        error = float(np.abs(step / constants).max())
        if error <= 1e-12:
            return constants
        misses += not error <= 0.5 * before
    return None


def _step(family: Family, constants: Array, probed: Array, use: Any) -> Array | None:
    x = PROBES[use]

    def scaled(c: Array) -> Array:
        return np.asarray(family.at(c, x) / (1 + np.abs(x)))

    widths = np.diag(1e-6 * np.abs(constants))
    jacobian = np.array([(scaled(constants + h) - scaled(constants - h)) / (2 * h.sum()) for h in widths]).T
    residual = probed[use] - scaled(constants)
    if not (np.isfinite(jacobian).all() and np.isfinite(residual).all()):
        return None
    if np.linalg.matrix_rank(jacobian, tol=1e-7) < len(constants):
        return None
    return np.asarray(np.linalg.lstsq(jacobian, residual, rcond=None)[0])
