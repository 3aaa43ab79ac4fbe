"""Where a term is zero: signs on a grid, then halving, then exact or to 50 digits."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import sympy

from nas.health.precise import precise
from nas.symbolic import functions as f
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import X
from nas.symbolic.numeric import Array, evaluate_tree

_NEAR, _FAR = 16.0, 1e8
_CLOSE = np.geomspace(1e-9, _NEAR, 120)
_AWAY = np.geomspace(_NEAR, _FAR, 220)

#: where signs are looked for: 1/128 apart near 0, then farther and farther
GRID: Array = np.unique(np.concatenate([np.linspace(-_NEAR, _NEAR, 4097), _CLOSE, -_CLOSE, _AWAY, -_AWAY]))

_WAVES = (sympy.sin, sympy.cos, sympy.sinc, f.sinc_slope)

_HALVINGS = 70
_LARGEST_DENOMINATOR = 10_000
_MOST_ZEROS = 300  #: points of the grid that float64 takes for zeros


def values(tree: Any, x: Any) -> Array:
    """A tree in x alone, in float64."""
    return evaluate_tree(tree, x, {})


def is_wavy(tree: Any) -> bool:
    """Whether a sine or cosine in the tree goes on forever: its argument grows without bound."""
    return bool(_wavy_arguments(tree))


def waves_resolved(tree: Any) -> float:
    """The w up to which the grid has six points or more for each wave on [-w, w]."""
    window = _NEAR
    for argument in _wavy_arguments(tree):
        while window > 1e-3:
            steps = np.abs(np.diff(values(argument, GRID[np.abs(GRID) <= window])))
            if np.max(steps[np.isfinite(steps)], initial=0) < 1:
                break
            window /= 2
    return window


def _wavy_arguments(tree: Any) -> list[Any]:
    arguments = [wave.args[0] for wave in tree.atoms(*_WAVES) if X in wave.free_symbols]
    ends = np.array([-_FAR, -1e4, 1e4, _FAR])
    return [u for u in arguments if (np.abs(values(u, ends)) > 50).any()]


def zeros(term: Any) -> tuple[list[Any], bool]:
    """Where a term in x changes sign or touches 0, and whether these are all.

    They are Fractions where the term is 0 at a simple one, else mpmath numbers.
    """
    grid, complete = GRID, True
    if is_wavy(term):
        window = waves_resolved(term)
        outer = [values(term, s * np.linspace(window, 40 * window, 4001)) for s in (-1, 1)]
        complete = all(_keeps_clear_of_zero(side) for side in outer)
        grid = GRID if complete else GRID[np.abs(GRID) <= window]
    y = values(term, grid)
    sign = np.sign(np.where(np.isnan(y), 0, y))
    _resolve_zeros(term, grid, y, sign)
    known = np.flatnonzero(sign)
    left, right = known[:-1], known[1:]
    # zeros over a whole interval end where something inside the term switches
    crossing = (sign[left] != sign[right]) & (right - left <= 2)
    places = list(bisected(term, grid[left[crossing]], grid[right[crossing]]))
    size = np.abs(y)
    inner = np.flatnonzero((size[1:-1] < size[:-2]) & (size[1:-1] <= size[2:])) + 1
    dips = inner[(sign[inner - 1] == sign[inner + 1]) & (sign[inner + 1] != 0)]
    low, high = grid[dips - 1], grid[dips + 1]
    lowest = least(term, low, high)
    lowest = lowest[np.abs(values(term, lowest)) <= 1e-6 * np.abs(values(term, low))]
    touching = [_touched(term, float(b)) for b in lowest]
    return [*(_exact(term, float(b)) for b in places), *(b for b in touching if b is not None)], complete


def _resolve_zeros(term: Any, grid: Array, y: Array, sign: Array) -> None:
    """Signs where float64 sees 0 between two signs, as of x - tanh(x) near 0; a term that is 0 stays 0."""
    known = np.flatnonzero(sign)
    for left, right in pairwise(known):
        inner = [i for i in range(left + 1, right) if y[i] == 0]
        if sign[left] != sign[right] and 1 < len(inner) <= _MOST_ZEROS:
            if all(precise(term, grid[i]) == 0 for i in inner[:3]):
                continue
            for i in inner:
                sign[i] = int(mpmath.sign(precise(term, grid[i])))


def bisected(tree: Any, left: Array, right: Array) -> Array:
    """One sign change of the tree in each interval, to float64."""
    if not len(left):
        return left
    negative = values(tree, left) < 0
    for _ in range(_HALVINGS):
        middle = left + (right - left) / 2
        before = (values(tree, middle) < 0) == negative
        left, right = np.where(before, middle, left), np.where(before, right, middle)
    return left + (right - left) / 2


def _exact(term: Any, place: float) -> Any:
    """The Fraction at `place` where the term vanishes, else the zero to 40 digits, else `place`."""
    near = Fraction(place).limit_denominator(_LARGEST_DENOMINATOR)
    if abs(float(near) - place) <= 1e-8 * max(abs(place), 1):
        at = precise(term, near)
        if mpmath.isnan(at) or abs(at) < mpmath.mpf(10) ** -50:
            return near
    with mpmath.workdps(60):
        try:
            step = max(abs(place), 1e-3) * 1e-10
            root = mpmath.findroot(lambda t: precise(term, t), (mpmath.mpf(place), place + step), tol=1e-112)
        except (ValueError, ArithmeticError, TypeError):
            root = mpmath.mpf(place)
        return root if abs(root - place) <= 1e-6 * max(abs(place), 1e-3) else mpmath.mpf(place)


def least(term: Any, low: Array, high: Array) -> Array:
    """Where the size of the term is least in each interval, by golden sections."""
    if not len(low):
        return low
    ratio = (3 - 5**0.5) / 2
    for _ in range(60):
        a, b = low + ratio * (high - low), high - ratio * (high - low)
        left = np.abs(values(term, a)) <= np.abs(values(term, b))
        low, high = np.where(left, low, a), np.where(left, b, high)
    return np.asarray(low + (high - low) / 2)


def _touched(term: Any, place: float) -> Any | None:
    """The place beside which the term is 0 without a change of sign, as x^2 is at 0; None: it is not."""
    near = Fraction(place).limit_denominator(_LARGEST_DENOMINATOR)
    if abs(float(near) - place) < 1e-5 and abs(precise(term, near)) < mpmath.mpf(10) ** -50:
        return near
    root = _exact(derivative(term, X), place)
    return root if abs(precise(term, root)) < mpmath.mpf(10) ** -30 else None


def _keeps_clear_of_zero(y: Array) -> bool:
    """Whether samples of waves have one sign and do not come near 0."""
    return bool((np.sign(y) == np.sign(y[0])).all() and np.abs(y).min() > 1e-3 * np.median(np.abs(y)))
