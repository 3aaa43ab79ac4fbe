"""How a function is related to the named ones. Three relations, kept apart:

same      one function, whatever way it is written (`nas.symbolic.naming`)
absorbed  the same up to what training absorbs: c f(x) + d before a batch norm, f(-x) under symmetric weights
near      a small distance sqrt(E (f - g)^2) for z ~ N(0, 1)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import permutations

import numpy as np
from scipy.optimize import least_squares

from nas.errors import NasError
from nas.symbolic.affine import Affine, confirmed, fit
from nas.symbolic.catalogue import CATALOGUE
from nas.symbolic.distance import distance, nodes, quick_distances, shape_distances
from nas.symbolic.expression import Expression
from nas.symbolic.families import PROBES, Family, families
from nas.symbolic.fingerprint import POINTS
from nas.symbolic.naming import SETTINGS, name_of
from nas.symbolic.numeric import Array, evaluate
from nas.symbolic.parse import parse

_NEAREST = 3
_UNLIKE = 0.9  #: a shape as far as that is no likeness
_SOLVED = 1e-9  #: relative, where constants were solved for or rounded in float64
_CLOSE = 0.02  #: sine of the angle between a function and the nearest member of a grid of a family


@dataclass(frozen=True)
class Absorbed:
    """f is the function called `name` up to what training absorbs."""

    name: str
    affine: Affine  #: at the start of f's parameters
    constants: str = ""  #: of the named function, where they are not the usual ones
    learned: bool = False  #: c or d depend on a learned parameter of f

    @property
    def formula(self) -> str:
        """f in terms of the named function: 1 - sigmoid(x)."""
        written = self.affine.written(self.name)
        notes = [self.constants] if self.constants else []
        notes += ["c or d learned"] if self.learned else []
        return f"{written} ({', '.join(notes)})" if notes else written


@dataclass(frozen=True)
class Near:
    """How far f is from the function called `name`, parameters of both at their start."""

    name: str
    distance: float  #: sqrt(E (f - g)^2) under N(0, 1)
    error: float
    shape: float  #: what the best c g(+-x) + d leaves of f, relative to the spread of f; 0 to 1


@dataclass(frozen=True)
class Relations:
    """What is known of a function's relatives."""

    same: str | None
    absorbed: Absorbed | None  #: None where `same` is known, and where nothing is
    near: tuple[Near, ...]  #: the nearest first, the function itself left out
    alike: Near | None  #: the one of the nearest shape

    @property
    def line(self) -> str:
        """In one line."""
        if self.same is not None:
            return f"this is {self.same}"
        if self.absorbed is not None:
            return f"{self.absorbed.formula}: {self.absorbed.name}, up to what training absorbs"
        if not self.near:
            return "no known relative"
        first = self.near[0]
        line = f"nearest is {first.name}, {first.distance:.3g} away under N(0,1)"
        if self.alike is not None and self.alike.name != first.name:
            line += f"; in shape {self.alike.name}, {self.alike.shape:.3g}"
        return line


@lru_cache(maxsize=512)
def related(expression: Expression) -> Relations:
    """The relatives of `expression` in the catalogue. Never raises."""
    same = name_of(expression)
    try:
        absorbed = None if same is not None else _absorbed(expression)
        return Relations(same, absorbed, *_near(expression, same))
    except (NasError, ArithmeticError, ValueError, np.linalg.LinAlgError):
        return Relations(same, None, (), None)


def _absorbed(f: Expression) -> Absorbed | None:
    return next(_learned_relatives(f) if f.parameters else _fixed_relatives(f), None)


@cache
def _fixed() -> list[tuple[str, Expression, Array, Array]]:
    """Name, formula, and values at POINTS and at -POINTS of the rows without learned parameters."""
    rows = [(row.name, parse(row.text)) for row in CATALOGUE.values() if row.learned == "never"]
    return [(name, g, evaluate(g, POINTS), evaluate(g, -POINTS)) for name, g in rows]


def _fixed_relatives(f: Expression) -> Iterator[Absorbed]:
    """Rows as they stand first, then members of families; each first as it is, then mirrored."""
    values = evaluate(f, POINTS)
    for mirrored in (False, True):
        for name, g, right, left in _fixed():
            if fit(values, left if mirrored else right) is not None:
                affine = confirmed(f, g, mirrored)
                if affine is not None:
                    yield Absorbed(name, affine)
    for mirrored in (False, True):
        for family in families():
            yield from _members(f, family, mirrored)


def _members(f: Expression, family: Family, mirrored: bool) -> Iterator[Absorbed]:
    """The member of `family` that f is made of: the nearest of a grid by angle, then its constants exactly.

    Before angles are taken, what a constant d can contribute is taken out.
    """
    use = np.abs(PROBES) < 4
    x, target = PROBES[use], evaluate(f, -PROBES[use] if mirrored else PROBES[use])
    weight = 1 / (1 + np.abs(x))
    if not np.isfinite(target).all():
        return
    grid = _directions(family.values[:, use], weight)
    aim = _directions((target * weight)[None], weight)[0]
    cosines = np.abs(grid @ aim)
    best = int(np.argmax(cosines))
    if not cosines[best] > np.sqrt(1 - _CLOSE**2):
        return
    start = family.settings[best]

    def rest(logarithms: Array) -> Array:
        direction = _directions((family.at(start * np.exp(logarithms), x) * weight)[None], weight)[0]
        return np.asarray(aim - direction * (direction @ aim))

    solved = least_squares(rest, np.zeros(len(start)), method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    constants = [float(f"{c:.9g}") for c in start * np.exp(solved.x)]
    rows = family.row.constants
    if not all(c.low < v < c.high for c, v in zip(rows, constants, strict=True)):
        return
    at = {p.name: v for p, v in zip(family.expression.parameters, constants, strict=True)}
    affine = confirmed(f, family.expression, mirrored, at_g=at, tolerance=_SOLVED)
    if affine is not None:
        written = ", ".join(f"{c.name} = {v:.6g}" for c, v in zip(rows, constants, strict=True))
        yield Absorbed(family.row.name, affine, written)


def _directions(values: Array, weight: Array) -> Array:
    """Rows of weighted values without their part along `weight`, of length 1; 0 where nothing is left."""
    unit = weight / np.linalg.norm(weight)
    rest = values - np.outer(values @ unit, unit)
    with np.errstate(all="ignore"):
        rest = rest / np.linalg.norm(rest, axis=1, keepdims=True)
    return np.where(np.isfinite(rest), rest, 0.0)


def _learned_relatives(f: Expression) -> Iterator[Absorbed]:
    """Rows with as many learned parameters, in any order, with one c and d; then rows without any, where c
    and d may depend on the parameters of f."""
    if len(f.parameters) > len(SETTINGS[0]):
        return
    at = [_assigned([p.name for p in f.parameters], setting) for setting in SETTINGS]
    values = [evaluate(f, POINTS, a) for a in at]
    for mirrored in (False, True):
        points = -POINTS if mirrored else POINTS
        for name, g, order in _learned(len(f.parameters)):
            at_g = [_assigned(order, setting) for setting in SETTINGS]
            if fit(values[0], evaluate(g, points, at_g[0])) is not None:
                found = [confirmed(f, g, mirrored, a, b, _SOLVED) for a, b in zip(at, at_g, strict=True)]
                if found[0] is not None and found[0] == found[1]:
                    yield Absorbed(name, found[0])
    for mirrored in (False, True):
        for name, g, right, left in _fixed():
            if all(fit(v, left if mirrored else right) is not None for v in values):
                checks = [confirmed(f, g, mirrored, a) for a in (*at, None)]
                if all(check is not None for check in checks) and checks[2] is not None:
                    yield Absorbed(name, checks[2], learned=checks[0] != checks[1])


def _assigned(order: Sequence[str], setting: Sequence[float]) -> dict[str, float]:
    return dict(zip(order, setting, strict=False))


@cache
def _learned(count: int) -> list[tuple[str, Expression, tuple[str, ...]]]:
    """Name, formula and an order of its parameters, for each row with so many and each order."""
    rows = [row for row in CATALOGUE.values() if row.learned != "never" and len(row.constants) == count]
    formulas = [(row.name, parse(row.with_parameters(row.formula))) for row in rows]
    return [(name, g, order) for name, g in formulas for order in permutations(p.name for p in g.parameters)]


@cache
def _named() -> tuple[list[str], list[Expression], Array]:
    """All rows with different values, parameters at their start: names, formulas, values at `nodes`."""
    points, _ = nodes()
    distinct: dict[bytes, tuple[str, Expression, Array]] = {}
    for row in CATALOGUE.values():
        expression = parse(row.text)
        values = evaluate(expression, points)
        distinct.setdefault(np.round(values, 9).tobytes(), (row.name, expression, values))
    names, expressions, rows = zip(*distinct.values(), strict=True)
    return list(names), list(expressions), np.array(rows)


def _near(f: Expression, same: str | None) -> tuple[tuple[Near, ...], Near | None]:
    """The nearest rows, and the one of the nearest shape."""
    points, _ = nodes()
    names, expressions, rows = _named()
    values = evaluate(f, points)
    quick = quick_distances(values, rows)
    shapes = np.minimum(shape_distances(values, rows), shape_distances(values, rows[:, ::-1]))

    def measured(i: int) -> Near | None:
        if names[i] == same or not np.isfinite(quick[i]):
            return None
        exact = distance(f, expressions[i])
        return Near(names[i], exact.value, exact.error, float(shapes[i])) if exact is not None else None

    found = [near for i in np.argsort(quick)[: _NEAREST + 1] if (near := measured(int(i))) is not None]
    nearest = sorted(found, key=lambda near: near.distance)[:_NEAREST]
    others = np.where([name == same for name in names], 1.0, shapes)
    best = int(np.argmin(others))
    return tuple(nearest), measured(best) if others[best] < _UNLIKE else None
