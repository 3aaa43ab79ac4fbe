"""The name of a function: the row of the catalogue that it equals, whatever way it is written.

Equality is numerical, in float64 on a grid from -10^4 to 10^4. A family with fixed constants is solved for
them, and the solution must lie in the range of its row. Learned parameters only match learned ones, by any
renaming: both sides are compared at generic numbers of either sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import permutations, product
from typing import Any

import numpy as np
import sympy

from nas.errors import NasError
from nas.symbolic import functions
from nas.symbolic.catalogue import CATALOGUE, Activation, Constant
from nas.symbolic.expression import Expression
from nas.symbolic.numeric import Array, evaluate, evaluate_tree
from nas.symbolic.parse import parse

# Off every kink and zero of the catalogue. Up to 4 a formula has to have a value; beyond, one that overflows
# where the function itself does not is forgiven.
_NEAR = np.concatenate(
    [np.linspace(-3.97, 3.93, 70) + 1 / 137, *(sign * np.geomspace(1.3e-8, 3.1, 14) for sign in (-1.0, 1.0))]
)
_FAR = np.concatenate([sign * np.geomspace(4.11, 1e4, 60) for sign in (-1.0, 1.0)])
_GRID = np.concatenate([_NEAR, _FAR])
_PROBES = np.concatenate([_NEAR[::5], [s * x for x in (8.1, 31.7, 160.3, 733.0) for s in (-1.0, 1.0)]])
_IS_NEAR = np.abs(_PROBES) < 4

_RELATIVE = 1e-9
_ABSOLUTE = 1e-10 + 1e-12 * _GRID**2  # rounding of x cos(x) and the like grows with x

#: settings of learned parameters, of which two functions that agree at both are taken for equal
_SETTINGS = ((1.31, 0.45, 0.83), (-0.72, 1.93, -1.37))

#: functions without a value on part of the line: there, nan means outside of the domain, not overflow
_PARTIAL = (functions.sqrt, functions.log, functions.log1p)


@lru_cache(maxsize=4096)
def name_of(expression: Expression) -> str | None:
    """The name in the catalogue, with the constants where they are not the usual ones; None if there is none.

    `x*sigmoid(x)` is SiLU, `max(x, 0.1*x)` leaky ReLU (slope = 0.1), and `x*sigmoid(beta3*x)` with a learned
    beta3 is Swish. Only the same function has the name: c f(x) + d or f(-x) of a named f has not. Never
    raises.
    """
    try:
        if expression.parameters:
            return _learned_name(expression)
        values = evaluate(expression, _GRID)
        if not _defined(expression, values):
            return None
        return _exact_name(values) or _family_name(expression, values)
    except (NasError, ArithmeticError, ValueError, np.linalg.LinAlgError):
        return None


def _defined(expression: Expression, values: Array) -> bool:
    """Whether the values on the grid are those of a function on all numbers, overflow far from 0 apart."""
    near, far = values[: len(_NEAR)], values[len(_NEAR) :]
    if not np.isfinite(near).all():
        return False
    powers = expression.tree.atoms(sympy.Pow)
    roots = any(power.base.free_symbols and not power.exp.is_Integer for power in powers)
    return not (np.isnan(far).any() and (roots or expression.tree.has(*_PARTIAL)))


def _agree(known: Array, values: Array) -> Any:
    """Whether values on the grid equal the known ones [..., grid], by row; an overflow equals anything."""
    with np.errstate(invalid="ignore"):
        tolerance = np.where(np.isfinite(known), _ABSOLUTE + _RELATIVE * np.abs(known), 0.0)
        return ((np.abs(known - values) <= tolerance) | (known == values) | ~np.isfinite(values)).all(axis=-1)


@cache
def _exact() -> tuple[list[str], Array]:
    """Names and values on the grid of all rows that stand for one function, in the order of the catalogue."""
    rows = [row for row in CATALOGUE.values() if row.learned == "never"]
    return [row.name for row in rows], np.array([evaluate(parse(row.text), _GRID) for row in rows])


def _exact_name(values: Array) -> str | None:
    names, known = _exact()
    found = np.flatnonzero(_agree(known, values))
    return names[found[0]] if len(found) else None


@dataclass(frozen=True)
class _Family:
    """A row with fixed constants, and its values on the probes for many settings of them."""

    row: Activation
    expression: Expression  #: with parameters alpha1, alpha2, … for the constants
    settings: Array  #: [settings, constants]
    values: Array  #: [settings, probes], each divided by 1 + |x|
    spacing: Array  #: [settings], the largest change to a neighboring setting

    def at(self, constants: Sequence[float] | Array, x: Array) -> Array:
        """f(x) with these constants."""
        return evaluate(self.expression, x, _assign(self.expression, constants))


def _assign(expression: Expression, values: Sequence[float] | Array) -> dict[str, float]:
    return {p.name: float(v) for p, v in zip(expression.parameters, values, strict=True)}


@cache
def _families() -> list[_Family]:
    return [_family(row) for row in CATALOGUE.values() if row.constants and row.learned != "always"]


def _family(row: Activation) -> _Family:
    names = {c.name: f"alpha{i}" for i, c in enumerate(row.constants, start=1)}
    expression = parse(row.formula.format(**names))
    count = 401 if len(names) == 1 else 41
    ranges = [_range(c, count) for c in row.constants]
    settings = np.array(list(product(*ranges)))
    columns = {p.name: column[:, None] for p, column in zip(expression.parameters, settings.T, strict=True)}
    points = np.broadcast_to(_PROBES, (len(settings), len(_PROBES)))
    values = evaluate_tree(expression.tree, points, columns) / (1 + np.abs(_PROBES))
    shape = values.reshape(*[count] * len(names), -1)
    spacing = np.zeros(shape.shape[:-1])
    for axis in range(len(names)):
        step = np.abs(np.diff(shape, axis=axis)).max(axis=-1)
        before, after = [(0, 0)] * len(names), [(0, 0)] * len(names)
        before[axis], after[axis] = (1, 0), (0, 1)
        spacing += np.maximum(np.pad(step, before, "edge"), np.pad(step, after, "edge"))
    return _Family(row, expression, settings, values, spacing.ravel())


def _range(constant: Constant, count: int) -> Array:
    """Numbers between the bounds, closer together toward a bound at 0."""
    low, high = constant.low, constant.high
    if low == 0:
        return np.geomspace(min(high, 1.0) * 1e-5, high, count)
    if high == 0:
        return np.asarray(-np.geomspace(min(-low, 1.0) * 1e-5, -low, count))
    return np.linspace(low, high, count)


def _family_name(expression: Expression, values: Array) -> str | None:
    probed = evaluate(expression, _PROBES) / (1 + np.abs(_PROBES))
    for family in _families():
        for constants in _solutions(family, probed):
            pairs = list(zip(family.row.constants, constants, strict=True))
            if all(c.low < v < c.high for c, v in pairs) and _agree(family.at(constants, _GRID), values):
                return f"{family.row.name} ({', '.join(f'{c.name} = {v:.6g}' for c, v in pairs)})"
    return None


def _solutions(family: _Family, probed: Array) -> Iterator[Array]:
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


def _gauss_newton(family: _Family, constants: Array, probed: Array, use: Any) -> Array | None:
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


def _step(family: _Family, constants: Array, probed: Array, use: Any) -> Array | None:
    x = _PROBES[use]

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


def _learned_name(expression: Expression) -> str | None:
    names, known = _learned(len(expression.parameters))
    if not names:
        return None
    values = _at_settings(expression, range(len(expression.parameters)))
    if not all(_defined(expression, v) for v in values):
        return None
    found = np.flatnonzero(_agree(known, values).all(axis=-1))
    return names[found[0]] if len(found) else None


@cache
def _learned(count: int) -> tuple[list[str], Array]:
    """Names and values [row, setting, grid] of rows with so many learned parameters, in each order."""
    entries = list(_learned_entries(count))
    return [name for name, _ in entries], np.array([values for _, values in entries])


def _learned_entries(count: int) -> Iterator[tuple[str, Array]]:
    if count > len(_SETTINGS[0]):
        return
    for row in CATALOGUE.values():
        if row.learned == "never" or len(row.constants) != count:
            continue
        for formula in (row.formula, *row.forms):
            expression = parse(row.with_parameters(formula))
            for order in permutations(range(count)):
                yield row.name, _at_settings(expression, order)


def _at_settings(expression: Expression, order: Sequence[int]) -> Array:
    """Values [setting, grid], the parameters taking the numbers of a setting in this order."""
    return np.array(
        [evaluate(expression, _GRID, _assign(expression, [s[i] for i in order])) for s in _SETTINGS]
    )
