"""How steep a softened function is: the least and the greatest slope, exactly for ACON, else numerically.

Of S_beta(p1 x, p2 x) with p1 > p2 and beta > 0, in y = beta (p1 - p2) x (Ma et al. 2021):

    S' = p2 + (p1 - p2) D(y),    D(y) = sigmoid(y) + y sigmoid(y) sigmoid(-y)
    D' = 0 where (y - 2) e^y = y + 2

so that S' lies between m p2 + (1 - m) p1 and m p1 + (1 - m) p2, m = D(2.39936) = 1.09984, whatever beta is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit

from nas.symbolic.breakpoints import breakpoints
from nas.symbolic.expression import symbol
from nas.symbolic.fingerprint import POINTS, same
from nas.symbolic.numeric import Array, evaluate, evaluate_derivative
from nas.symbolic.soften import Softened

_REACH = 1e4  #: slopes are looked for up to here
_NEAR = 60.0  #: in units of 1 / beta: beyond, e^-60 of a smooth maximum's bend is left
_DOUBTFUL = 0.01  #: relative error of a bound that is none
_FALLS = 1e-3  #: relative change over the outer half of the line, from which on a slope is unbounded


@dataclass(frozen=True)
class SlopeBounds:
    """Infimum and supremum of the slope, parameters at their start; None: unbounded, or none was found."""

    low: float | None
    high: float | None
    error: float  #: of both
    beta: float | None  #: None: they hold for every beta > 0
    closed_form: str | None = None


@cache
def turning_point() -> float:
    """The y > 0 with (y - 2) e^y = y + 2, 2.39936: ACON is steepest there, and flattest at -y."""
    return float(brentq(lambda y: (y - 2) * math.exp(y) - (y + 2), 2, 3, xtol=1e-15, rtol=1e-15))


@cache
def overshoot() -> float:
    """D(turning_point()), 1.09984: how much steeper than its piece ACON gets."""
    y = turning_point()
    return float(expit(y) + y * expit(y) * expit(-y))


def slope_bounds(of: Softened, betas: Sequence[float] = (1.0, 4.0, 16.0)) -> list[SlopeBounds]:
    """The bounds of d soft / dx: one for every beta where beta only scales x, else one for each of `betas`.

    Numerical bounds come from a grid of 20,000 points to +-10^4, finer where a maximum changes pieces, and a
    search around its best points; their error is what halving the grid changes.
    """
    if of.linear is not None:
        start = {symbol(p.name): p.start for p in of.hard.parameters}
        slopes = [float(slope.subs(start)) for slope in of.linear]
        return [_acon(max(slopes), min(slopes))]
    if _only_scales(of):
        found = _searched(of, 1.0)
        return [SlopeBounds(found.low, found.high, found.error, None)]
    return [_searched(of, beta) for beta in betas]


def _acon(p1: float, p2: float) -> SlopeBounds:
    m = overshoot()
    low, high = m * p2 + (1 - m) * p1, m * p1 + (1 - m) * p2
    error = 1e-15 * (abs(p1) + abs(p2))
    closed = f"{m:.5g} p2 - {m - 1:.4f} p1 and {m:.5g} p1 - {m - 1:.4f} p2 with p1 = {p1:.6g}, p2 = {p2:.6g}"
    return SlopeBounds(low, high, error, None, closed)


def _only_scales(of: Softened) -> bool:
    """Whether f_beta(x) = f_1(beta x) / beta, as for positively homogeneous hard functions."""
    at_one = {of.beta: 1.0}
    return all(
        same(beta * evaluate(of.soft, POINTS, {of.beta: beta}), evaluate(of.soft, beta * POINTS, at_one))
        for beta in (0.37, 2.9)
    )


def _searched(of: Softened, beta: float) -> SlopeBounds:
    def slope(x: Array) -> Array:
        return evaluate_derivative(of.soft, x, {of.beta: beta})

    x = _grid(of, beta)
    values = slope(x)
    if not np.isfinite(values).all():  # an edge of the domain, or an overflow: anything may happen there
        return SlopeBounds(None, None, 0.0, beta)
    low, error = _infimum(slope, x, values)
    negative_high, other = _infimum(lambda u: -slope(u), x, -values)
    return SlopeBounds(low, None if negative_high is None else -negative_high, max(error, other), beta)


def _grid(of: Softened, beta: float) -> Array:
    bends = breakpoints(of.hard, -100.0, 100.0)
    far = np.geomspace(1e-3, _REACH, 2000)
    near = np.linspace(-_NEAR, _NEAR, 16001) / beta
    around = [bend + np.linspace(-12, 12, 1201) / beta for bend in bends]
    step = 1e-3 / beta  # no points closer than that: a point's neighbors are its bracket
    return step * np.unique(np.round(np.concatenate([-far, far, near, *around]) / step))


def _infimum(function: Callable[[Array], Array], x: Array, values: Array) -> tuple[float | None, float]:
    """The infimum with its error; None where the function goes on falling at an end, or falls into a pole."""
    i = int(np.argmin(values))
    inner = float(values[np.abs(x) <= _REACH / 2].min())
    if i in (0, len(x) - 1) and values[i] < inner - _FALLS * (1 + abs(inner)):
        return None, 0.0
    best, rough = _least(function, x, values), _least(function, x[::2], values[::2])
    error = abs(best - rough) + 1e-12 * (1 + abs(best))
    return (best, error) if error < _DOUBTFUL * (1 + abs(best)) else (None, 0.0)


def _least(function: Callable[[Array], Array], x: Array, values: Array) -> float:
    """The minimum on the grid, refined between the neighbors of its point."""
    i = int(np.argmin(values))
    low, high = x[max(i - 1, 0)], x[min(i + 1, len(x) - 1)]
    refined = minimize_scalar(
        lambda u: float(function(np.asarray(u))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-6 * (high - low)},
    )
    return min(float(values[i]), float(refined.fun))
