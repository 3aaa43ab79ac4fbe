"""What can be said of a rule before any step: how it scales with the gradient, whether a step is bounded."""

from __future__ import annotations

import numpy as np

from nas.rules.numeric import direction
from nas.rules.rule import Rule
from nas.symbolic.numeric import Array

_SCALES = (1e-3, 1e-2, 1e2, 1e4)
_TOLERANCE = 5e-4  #: of log(|u| at c g / |u| at g) / log c: an epsilon of 1e-6 leaves a third of this
_HISTORY = 60  #: steps of gradients of one size
_LONG = 400
_LARGE = (1.0, 1e4, 1e8)  #: sizes of gradients at which a bounded rule has stopped growing
_LEAST_STEP = 1e-30
_USUAL_GRADIENT, _USUAL_STEP, _ANY_RATE = 1e-2, 1e-3, 1e-2
_GROWTH = 1.01


def history(size: Array, steps: int = _HISTORY) -> Array:
    """Gradients [steps, *size.shape]: irregular, of mean 0.3 and spread 1 in units of `size`."""
    count = np.arange(1, steps + 1).reshape(-1, *[1] * size.ndim)
    place = np.arange(size.size).reshape(size.shape)
    phase = 12.9898 * count + 7.233 * place + 3.1 * np.sin(count * (place + 1.7))
    waves: Array = 0.3 + np.sqrt(2) * np.sin(phase)
    return size * waves


def after(rule: Rule, gradients: Array, w: float = 0.5) -> Array:
    """u at the last of `gradients`, halfway through a schedule."""
    *past, last = gradients
    steps = len(past)
    averages = {}
    for state in rule.states:
        decay = float(state.decay)
        shares = (1 - decay) * decay ** np.arange(steps - 1, -1, -1.0)
        averages[state] = np.tensordot(shares, np.stack(past) ** state.power, axes=1)
    return direction(rule, last, averages, w=w, step=steps + 1, steps=2 * steps)[0]


def degree(rule: Rule) -> float | None:
    """d where gradients c times as large give updates c^d times as large: 1 for SGD, 0 for Adam.

    Measured on gradients of 1e-3 to 1e4, beside which an epsilon vanishes; None where there is no such d.
    """
    one = np.abs(after(rule, history(np.ones(24))))
    moving = one > 0
    if not moving.any():
        return None
    slopes = []
    for c in _SCALES:
        with np.errstate(all="ignore"):
            ratios = np.abs(after(rule, history(np.full(24, c)))) / one
            slopes.append(np.log(ratios[moving]) / np.log(c))
    if not np.isfinite(slopes).all():
        return None
    nearest = round(2 * float(np.median(slopes))) / 2
    return nearest + 0.0 if np.abs(np.array(slopes) - nearest).max() < _TOLERANCE else None


def learning_rates(rule: Rule) -> tuple[float, float, float]:
    """(lowest, usual, highest) to try: what moves a parameter by 0.001 a step under gradients of 0.01, times
    0.01, 1 and 100.

    The usual one is 0.1 for SGD, 0.001 for sign(g), 0.003 for Adam, and half of it for a rule that is written
    twice as long; 0.01 where such steps are next to 0 or beyond all bounds: no rate is better than another.
    """
    typical = float(np.sqrt(np.mean(after(rule, history(np.full(64, _USUAL_GRADIENT)), w=0.0) ** 2)))
    moves = _LEAST_STEP < typical < 1 / _LEAST_STEP
    usual = float(f"{_USUAL_STEP / typical:.2g}") if moves else _ANY_RATE
    return usual / 100, usual, usual * 100


def bound(rule: Rule) -> float | None:
    """The largest |u| met under irregular, steady and sudden gradients; None where it grows with them."""
    sizes = []
    for size in _LARGE:
        irregular = history(np.full(64, size), steps=_LONG)
        sudden = np.zeros((_LONG, 2))
        sudden[-1] = size, -size
        paths = (irregular, np.broadcast_to([size, -size], sudden.shape), sudden)
        with np.errstate(all="ignore"):
            sizes.append(max(float(np.abs(after(rule, path)).max()) for path in paths))
    if not np.isfinite(sizes).all() or sizes[-1] > _GROWTH * sizes[-2]:
        return None
    return max(sizes)
