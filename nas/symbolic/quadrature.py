"""Integrals against a Gaussian: adaptive, split where a function bends, and honest where they do not exist.

Every panel is integrated by Gauss and Legendre's rule at two orders; their difference is the error, and
panels that err are halved. At a kink, a jump or an integrable singularity that error shrinks with the panel;
where it does not, the integral does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.symbolic.numeric import Array

#: values of several functions at given points: (functions, points)
Functions = Callable[[Array], Array]

#: beyond, the density of N(0,1) is no normal number of float64
REACH = 37.5

_ORDERS = (12, 20)
_RULES = [np.polynomial.legendre.leggauss(order) for order in _ORDERS]
_NODES = np.concatenate([nodes for nodes, _ in _RULES])
_TOLERANCE = 1e-14  #: of the whole, for one panel
_NARROWEST = 1e-12  #: a panel at z = 1; much below, the distance to a breakpoint has no digits
_MOST_PANELS = 8_000
_SHRINKING = 0.95  #: halving a panel must shrink its error by this; 2^(q-1) at a singularity |z|^-q
_DOUBTFUL = 1e-4  #: error relative to the whole, beyond which the result is no number to show


@dataclass(frozen=True)
class Integral:
    """Value and a bound of its error."""

    value: float
    error: float


@np.errstate(all="ignore")
def expectations(functions: Functions, breakpoints: Array) -> list[Integral | None]:
    """E g(z) for each g, with z ~ N(0,1); `functions` gives g(z) times the density of z.

    `breakpoints` are where panels must end. None where the integral does not exist, or no value could be
    trusted: a tail that does not fall, a singularity, an interval where g is not defined. Nothing warns.
    """
    low, high = -_reach(functions, -1), _reach(functions, 1)
    edges = _edges(low, high, breakpoints)
    panels = _Panels.over(functions, edges[:-1], edges[1:])
    falls = _falls(functions, low, -1) & _falls(functions, high, 1)
    done = [panels]
    diverges = np.zeros(len(falls), dtype=bool)
    count = len(edges)
    while True:
        scale = sum(np.nansum(np.abs(p.value), axis=1) for p in done)
        wrong = ~(panels.error <= _TOLERANCE * scale[:, None])
        narrow = panels.width < _NARROWEST * (1 + np.abs(panels.left))
        stuck = wrong & narrow & ~(panels.error < _SHRINKING * panels.parent)
        undefined = np.isinf(panels.error) & np.isinf(panels.parent)
        diverges |= (stuck | undefined).any(axis=1)
        split = np.asarray((wrong & ~diverges[:, None]).any(axis=0) & ~narrow)
        done[-1] = panels.take(~split)
        if not split.any():
            break
        count += int(split.sum())
        if count > _MOST_PANELS:
            done.append(panels.take(split))
            break
        panels = panels.take(split).halves(functions)
        done.append(panels)
    value = sum(p.value.sum(axis=1) for p in done)
    error = sum(p.error.sum(axis=1) for p in done) + 1e-15 * scale
    exists = falls & ~diverges & np.isfinite(value) & (error <= _DOUBTFUL * scale)
    return [
        Integral(float(v), float(e)) if ok else None for v, e, ok in zip(value, error, exists, strict=True)
    ]


@dataclass(frozen=True)
class _Panels:
    """Intervals with their integrals: (functions, panels)."""

    left: Array
    width: Array
    value: Array
    error: Array
    parent: Array  #: the error of the panel that this is a half of

    @classmethod
    def over(
        cls, functions: Functions, left: Array, right: Array, parent: Array | float = math.nan
    ) -> _Panels:
        width = right - left
        points = (left + width / 2)[:, None] + (width / 2)[:, None] * _NODES
        values = functions(points.ravel()).reshape(-1, *points.shape)
        first = _ORDERS[0]
        rough = values[..., :first] @ _RULES[0][1] * width / 2
        value = values[..., first:] @ _RULES[1][1] * width / 2
        error = np.abs(value - rough)
        error = np.where(np.isfinite(error), error, math.inf)
        return cls(left, width, value, error, np.broadcast_to(parent, error.shape))

    def take(self, which: Array) -> _Panels:
        return _Panels(
            self.left[which],
            self.width[which],
            self.value[:, which],
            self.error[:, which],
            self.parent[:, which],
        )

    def halves(self, functions: Functions) -> _Panels:
        middle, right = self.left + self.width / 2, self.left + self.width
        return _Panels.over(
            functions,
            np.concatenate([self.left, middle]),
            np.concatenate([middle, right]),
            np.tile(self.error, 2),
        )


def _reach(functions: Functions, side: int) -> float:
    """How far from 0 the functions can be followed in float64, at most REACH."""
    steps = np.arange(0.25, REACH + 0.25, 0.25)
    lost = np.flatnonzero(~np.isfinite(functions(side * steps)).all(axis=0) & (steps > 8))
    return float(steps[lost[0] - 1]) if len(lost) else REACH


def _falls(functions: Functions, end: float, side: int) -> Any:
    """Whether the integrand is negligible at `end` and still falls by a factor e a unit, for each function.

    That is no proof for what lies beyond `end`, but no function of a few operations turns there.
    """
    distances = np.linspace(0, 2, 41)[:-1]
    tail = np.abs(functions(end - side * distances)).reshape(-1, 2, 20).max(axis=2)
    outer, inner = tail[:, 0], tail[:, 1]
    whole = np.nanmax(np.abs(functions(np.linspace(-6, 6, 200))), axis=1, initial=0)
    return (outer <= 1e-18 * whole) & ((outer <= inner / math.e) | (outer < 1e-300))


def _edges(low: float, high: float, breakpoints: Array) -> Array:
    """Where panels end: evenly where the mass is, and ever closer towards each breakpoint."""
    even = np.arange(-9, 9.25, 0.5)
    tails = np.array([12.0, 17.0, 26.0])
    near = 8.0 ** -np.arange(1, 8)
    graded = (breakpoints[:, None] + np.concatenate([-near, near])).ravel()
    others = np.concatenate([even, tails, -tails, graded])
    if len(breakpoints):  # a breakpoint stays where it is, and its neighbors keep their distance
        others = others[np.abs(others[:, None] - breakpoints).min(axis=1) > 1e-9]
    edges = np.unique(np.concatenate([others, breakpoints]))
    return np.concatenate([np.array([low]), edges[(edges > low) & (edges < high)], np.array([high])])
