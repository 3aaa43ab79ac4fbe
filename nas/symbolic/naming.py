"""The name of a function: the row of the catalogue that it equals, whatever way it is written.

Equality is numerical, in float64 on a grid from -10^4 to 10^4. A family with fixed constants is solved for
them, and the solution must lie in the range of its row. Learned parameters only match learned ones, by any
renaming: both sides are compared at generic numbers of either sign. Beside a learned beta, ACON's slopes may
be numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import permutations
from typing import Any

import numpy as np
import sympy

from nas.errors import NasError
from nas.symbolic import functions
from nas.symbolic.catalogue import CATALOGUE
from nas.symbolic.expression import Expression
from nas.symbolic.families import NEAR, PROBES, assign, families, solutions
from nas.symbolic.numeric import Array, evaluate
from nas.symbolic.parse import parse

# beyond 4, a formula that overflows where the function itself does not is forgiven
_FAR = np.concatenate([sign * np.geomspace(4.11, 1e4, 60) for sign in (-1.0, 1.0)])
_GRID = np.concatenate([NEAR, _FAR])
_RELATIVE = 1e-9
_ABSOLUTE = 1e-10 + 1e-12 * _GRID**2  # rounding of x cos(x) and the like grows with x

#: settings of learned parameters, of which two functions that agree at both are taken for equal
SETTINGS = ((1.31, 0.45, 0.83), (-0.72, 1.93, -1.37))

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
    near, far = values[: len(NEAR)], values[len(NEAR) :]
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


def _family_name(expression: Expression, values: Array) -> str | None:
    probed = evaluate(expression, PROBES) / (1 + np.abs(PROBES))
    for family in families():
        for constants in solutions(family, probed):
            pairs = list(zip(family.row.constants, constants, strict=True))
            if all(c.low < v < c.high for c, v in pairs) and _agree(family.at(constants, _GRID), values):
                return f"{family.row.name} ({', '.join(f'{c.name} = {v:.6g}' for c, v in pairs)})"
    return None


def _learned_name(expression: Expression) -> str | None:
    names, known = _learned(len(expression.parameters))
    if not names:
        return None
    values = _at_settings(expression, range(len(expression.parameters)))
    if not all(_defined(expression, v) for v in values):
        return None
    found = np.flatnonzero(_agree(known, values).all(axis=-1))
    if len(found):
        return str(names[found[0]])
    return _acon_name(expression, values) if len(expression.parameters) == 1 else None


def _acon_name(expression: Expression, values: Array) -> str | None:
    """ACON with numbers for its slopes, which are those of the function far out, and a learned beta.

    S_beta(0, -c x) stays without a name: it is a mirrored Swish.
    """
    (beta,) = expression.parameters
    far = np.array([1e6, -1e6])
    p1, p2 = (float(f"{slope:.11g}") for slope in evaluate(expression, far, {beta.name: 1.0}) / far)
    acon = parse(CATALOGUE["ACON-C"].text)
    known = [evaluate(acon, _GRID, {"p1": p1, "p2": p2, "beta": setting[0]}) for setting in SETTINGS]
    if p1 == 0 or not _agree(np.array(known), values).all():
        return None
    if 1 in (p1, p2):
        return f"ACON-B (p = {p2 if p1 == 1 else p1:.6g})"
    return f"ACON-C (p1 = {p1:.6g}, p2 = {p2:.6g})"


@cache
def _learned(count: int) -> tuple[list[str], Array]:
    """Names and values [row, setting, grid] of rows with so many learned parameters, in each order."""
    entries = list(_learned_entries(count))
    return [name for name, _ in entries], np.array([values for _, values in entries])


def _learned_entries(count: int) -> Iterator[tuple[str, Array]]:
    if count > len(SETTINGS[0]):
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
        [evaluate(expression, _GRID, assign(expression, [s[i] for i in order])) for s in SETTINGS]
    )
