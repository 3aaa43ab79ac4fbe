"""Equality of functions by their values: what two writings of one function share.

Canonical trees decide most cases at once, but sympy cannot see that, say, max(x, -x) is |x|. So functions
are also compared at 48 irregular points in float64, with every parameter at irregular values, up to the
names of parameters.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any, Generic, TypeVar

import numpy as np

from nas.symbolic.expression import Expression
from nas.symbolic.numeric import Array, evaluate

#: an irregular grid: dense near 0, reaching to +-8, on no special point of any primitive
POINTS: Array = np.sort(
    8 * np.sin(np.arange(1, 49) * 0.7390851332) * np.abs(np.cos(np.arange(1, 49) * 2.6457513))
)

#: generic parameter values, positive and away from every start value
VALUES = tuple(0.35 + 1.3 * ((i * 0.6180339887498949) % 1) for i in range(1, 33))

RELATIVE, ABSOLUTE = (
    1e-9,
    1e-12,
)  # float64 noise of two writings stays well below, different functions well above
MOST_PERMUTED = 4  # parameters whose names are tried in every order; 4! = 24 evaluations

T = TypeVar("T")


def fingerprint(expression: Expression, order: tuple[int, ...] | None = None) -> Array:
    """f at POINTS, parameter number order[i] at VALUES[i]; NaN and inf are part of the fingerprint."""
    names = [p.name for p in expression.parameters]
    return evaluate(
        expression, POINTS, dict(zip((names[i] for i in order or range(len(names))), VALUES, strict=False))
    )


def fingerprints(expression: Expression) -> list[Array]:
    """The fingerprint under every order of the parameters' names."""
    n = len(expression.parameters)
    orders = permutations(range(n)) if n <= MOST_PERMUTED else [tuple(range(n))]
    return [fingerprint(expression, tuple(order)) for order in orders]


def kind(expression: Expression) -> tuple[tuple[str, float], ...]:
    """What must agree besides the values: how the parameters are shared and where they start."""
    return tuple(sorted((p.scope, p.start) for p in expression.parameters))


def same(a: Array, b: Array) -> bool:
    """Equal up to float64 noise, NaN at the same points."""
    return bool(_matches(a[None], b)[0])


def same_function(a: Expression, b: Expression) -> bool:
    """Whether both are one function of x and their parameters, whatever these are called."""
    if a == b:
        return True
    return kind(a) == kind(b) and any(same(f, fingerprint(b)) for f in fingerprints(a))


def _matches(rows: Any, values: Array) -> Any:
    with np.errstate(invalid="ignore"):
        allowed = ABSOLUTE + RELATIVE * np.maximum(np.abs(rows), np.abs(values))
        close = (np.abs(rows - values) <= allowed) & np.isfinite(allowed)  # infinite is near nothing
    return np.all(close | (rows == values) | (np.isnan(rows) & np.isnan(values)), axis=1)


class Seen(Generic[T]):
    """The functions met so far, each with a value of the caller's."""

    def __init__(self) -> None:
        self._exact: dict[Expression, T] = {}
        self._kinds: dict[Any, tuple[list[Array], list[T]]] = {}

    def add(self, expression: Expression, value: T) -> None:
        """Remember `expression` under `value`."""
        self._exact[expression] = value
        rows, values = self._kinds.setdefault(kind(expression), ([], []))
        rows.append(fingerprint(expression))
        values.append(value)

    def find(self, expression: Expression) -> T | None:
        """The value of the same function where it was met, else None."""
        if expression in self._exact:
            return self._exact[expression]
        rows, values = self._kinds.get(kind(expression), ([], []))
        if rows:
            matrix = np.stack(rows)
            for own in fingerprints(expression):
                hits = np.flatnonzero(_matches(matrix, own))
                if hits.size:
                    return values[int(hits[0])]
        return None
