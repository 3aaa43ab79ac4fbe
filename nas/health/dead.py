"""How many inputs are dead: those at which a unit hardly passes a gradient on."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

from nas.health.segments import segments_of
from nas.health.zeros import values
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import X
from nas.symbolic.numeric import Array

#: an input is dead where |f'| is below: what comes back from the next layer is cut to a thousandth
THRESHOLD = 1e-3

_REACH = 9.0  #: P(|z| > 9) < 3e-19
_POINTS = 36_001
_HALVINGS = 40


def dead_share(tree: Any) -> float:
    """P(|f'(z)| < THRESHOLD) for z ~ N(0,1), of a tree in x alone; error below 1e-4.

    Sign changes of f' between points of the grid, 0.0005 apart, count if the slope is dead at one of them.
    """
    slope = derivative(tree, X)
    edges = [float(b) for b in segments_of(tree).breaks if abs(float(b)) < _REACH]
    z = np.unique(np.concatenate([np.linspace(-_REACH, _REACH, _POINTS), edges]))

    def dead(x: Array) -> Any:
        with np.errstate(invalid="ignore"):
            return np.abs(values(slope, x)) < THRESHOLD

    left, right = z[:-1], z[1:]
    # just beside the points, where a slope that jumps has its values of this interval
    first, last = dead(left + 1e-9 * (right - left)), dead(right - 1e-9 * (right - left))
    share = np.sum((ndtr(right) - ndtr(left))[first & last])
    mixed = first != last
    low, high, state = left[mixed], right[mixed], first[mixed]
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2
        same = dead(middle) == state
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    part = np.where(state, ndtr(high) - ndtr(left[mixed]), ndtr(right[mixed]) - ndtr(high))
    return float(share + np.sum(part))


def undefined_share(tree: Any) -> float:
    """P(f(z) has no real value) for z ~ N(0,1)."""
    gaps = [(p.low, p.high) for p in segments_of(tree).segments if p.tree is None]
    return float(sum(ndtr(high) - ndtr(low) for low, high in gaps))
