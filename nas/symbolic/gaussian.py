"""What a function makes of Gaussian input: moments, the gain that keeps the signal, its slope over depth.

With weights of variance gain^2 / fan-in, the mean square q of what enters the functions of a wide layer goes
to q' = gain^2 E f(sqrt(q) z)^2 in the next. The gain 1/sqrt(E f(z)^2) makes q = 1 a fixed point: He's sqrt(2)
for ReLU (He et al. 2015), Glorot's 1 for the identity. It is stable where the depth slope d log q'/d log q at
q = 1 is below 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from nas.symbolic.breakpoints import breakpoints
from nas.symbolic.closed_form import standard_moments
from nas.symbolic.expression import Expression
from nas.symbolic.numeric import Array, evaluate, evaluate_derivative
from nas.symbolic.quadrature import REACH, expectations

_LONGEST_TEXT = 100  #: of a closed form that is shown; SELU's, with its 16-digit constants, takes 400


@dataclass(frozen=True)
class Estimate:
    """A number with a bound of its error, and its closed form where it has a known one."""

    value: float
    error: float
    closed_form: str | None = None


@dataclass(frozen=True)
class Moments:
    """Of f(x) for x ~ N(mean, variance). None: the integral does not exist, or could not be trusted."""

    mean: Estimate | None  #: E f
    second: Estimate | None  #: E f^2
    derivative_second: Estimate | None  #: E f'^2, with f' where it exists
    correlation: Estimate | None  #: d E f^2 / d log variance; E[(x - mean) f f'] where f has no jumps


@lru_cache(maxsize=1024)
def moments(expression: Expression, mean: float = 0.0, variance: float = 1.0) -> Moments:
    """Moments under N(mean, variance), parameters at their start: closed forms under N(0,1), else quadrature.

    The correlation is E[f^2 (z^2 - 1)]/2 with z = (x - mean)/sd: the density is differentiated, not f.
    """
    exact = _exact(expression) if (mean, variance) == (0, 1) else {}
    if len(exact) < len(fields(Moments)):
        exact = _by_quadrature(expression, mean, math.sqrt(variance)) | exact
    return Moments(**exact)


def gain(expression: Expression, mean_square: float = 1.0) -> float | None:
    """sqrt(q / E f(sqrt(q) z)^2) for q = `mean_square`, so that q is a fixed point; None without one."""
    second = moments(expression, 0.0, mean_square).second
    return math.sqrt(mean_square / second.value) if second is not None and second.value > 0 else None


def depth_slope(expression: Expression, mean_square: float = 1.0) -> float | None:
    """d log q'/d log q at that fixed point; None without one."""
    of = moments(expression, 0.0, mean_square)
    if of.second is None or of.correlation is None or of.second.value <= 0:
        return None
    return of.correlation.value / of.second.value


def _exact(expression: Expression) -> dict[str, Estimate | None]:
    found: dict[str, Estimate | None] = {}
    for name, number in standard_moments(expression).items():
        value, text = float(number.evalf(20)), str(number)
        if math.isfinite(value):
            found[name] = Estimate(value, abs(value) * 2.0**-53, text if len(text) <= _LONGEST_TEXT else None)
    return found


def _by_quadrature(expression: Expression, mean: float, sd: float) -> dict[str, Estimate | None]:
    places = (breakpoints(expression, mean - REACH * sd, mean + REACH * sd) - mean) / sd

    def root(z: Array) -> Array:
        """Of the density; f is multiplied by it before it is squared, so that it cannot overflow."""
        return np.asarray(np.exp(-(z**2) / 4) / (2 * math.pi) ** 0.25)

    def of_value(z: Array) -> Array:
        f = evaluate(expression, mean + sd * z) * root(z)
        return np.stack([f * root(z), f**2, f**2 * (z**2 - 1) / 2])

    def of_slope(z: Array) -> Array:
        return (evaluate_derivative(expression, mean + sd * z) * root(z))[None] ** 2

    found = zip(
        ("mean", "second", "correlation", "derivative_second"),
        (*expectations(of_value, places), *expectations(of_slope, places)),
        strict=True,
    )
    return {name: Estimate(e.value, e.error) if e else None for name, e in found}
