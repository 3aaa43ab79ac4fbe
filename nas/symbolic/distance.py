"""How far apart two functions are for Gaussian input: sqrt(E (f - g)^2), and what the best c, d leave of it.

After f = c g + d has been fitted, the rest is sqrt(1 - rho^2) of the spread of f, with rho the correlation of
f(z) and g(z): the distance of their shapes, between 0 and 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from nas.symbolic.breakpoints import breakpoints
from nas.symbolic.expression import Expression
from nas.symbolic.numeric import Array, evaluate
from nas.symbolic.quadrature import REACH, expectations

_PANEL, _ORDER, _SPAN = 1 / 16, 6, 9.0  #: of the quick rule: the mass beyond 9 is 2e-19


@dataclass(frozen=True)
class Distance:
    """sqrt(E (f(z) - g(z))^2) for z ~ N(0, 1), with a bound of its error."""

    value: float
    error: float


def distance(f: Expression, g: Expression) -> Distance | None:
    """Of two functions with their parameters at their start; None where the integral does not exist."""
    places = np.union1d(breakpoints(f, -REACH, REACH), breakpoints(g, -REACH, REACH))

    def squared(z: Array) -> Array:
        with np.errstate(all="ignore"):
            root = np.exp(-(z**2) / 4) / (2 * math.pi) ** 0.25
            return np.asarray((((evaluate(f, z) - evaluate(g, z)) * root) ** 2)[None])

    (integral,) = expectations(squared, places)
    if integral is None:
        return None
    value = math.sqrt(max(integral.value, 0.0))
    return Distance(value, integral.error / (2 * value) if value**2 > integral.error else integral.error**0.5)


@cache
def nodes() -> tuple[Array, Array]:
    """Points and weights of a quick rule for E g(z), good for comparing: its error is 1e-6 at kinks."""
    edges = np.arange(-_SPAN, _SPAN, _PANEL)
    at, weights = np.polynomial.legendre.leggauss(_ORDER)
    z = (edges[:, None] + _PANEL * (at + 1) / 2).ravel()
    return z, np.tile(weights * _PANEL / 2, len(edges)) * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def quick_distances(f: Array, rows: Array) -> Array:
    """sqrt(E (f - g)^2) for each row g, all at the points of `nodes`; inf where one is not finite."""
    _, weights = nodes()
    with np.errstate(all="ignore"):
        squares = (rows - f) ** 2 @ weights
    return np.sqrt(np.where(np.isfinite(squares), squares, np.inf))


def shape_distances(f: Array, rows: Array) -> Array:
    """sqrt(1 - rho^2) for each row; 1 where a function is constant, or not finite."""
    _, weights = nodes()
    with np.errstate(all="ignore"):
        own = f - f @ weights
        others = rows - (rows @ weights)[:, None]
        covariance = (others * own) @ weights
        power = (own**2 @ weights) * (others**2 @ weights)
        rest = 1 - covariance**2 / power
    return np.asarray(np.sqrt(np.clip(np.where(np.isfinite(rest), rest, 1.0), 0.0, 1.0)))
