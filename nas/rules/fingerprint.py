"""Equality of rules by their values: what two writings of one rule share.

Sympy cannot see that the average before a step is (m - (1 - b) g)/b, nor that sign(9 m + g) is
sign(0.9 m + 0.1 g). So rules are also compared in 2048 irregular situations, which give every gradient,
average, parameter and step number a value that only this operand has; gradients lie between 1e-5 and 1e3.
Under a sign two interpolations b m + (1 - b) g pass for one where their b/(1 - b) differ by less than 2 %.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nas.rules.language import State
from nas.rules.numeric import direction
from nas.rules.rule import Rule
from nas.symbolic.fingerprint import same
from nas.symbolic.numeric import Array

_POINTS = 2048  # signs alone tell little: it takes many to tell two interpolations apart
_AT = np.arange(1, _POINTS + 1)


def _spread(phase: float) -> Array:
    """Irregular numbers between 0 and 1."""
    numbers: Array = np.mod(_AT * 0.6180339887498949 + 0.5 + 0.41 * np.sin(_AT * (2.1 + phase)), 1.0)
    return numbers


_SIZE: Array = 10 ** (8 * _spread(0.3) - 5)
_G: Array = _SIZE * (2 * _spread(1.7) - 1)
_W: Array = 2 * _spread(2.9) - 1
_STEPS = 1000
_STEP: Array = np.floor(1 + 400 * _spread(4.3))


def _before(state: State) -> Array:
    """An average that such gradients may have had: a mean square is above the square of the mean."""
    phase = 7.7 * state.power + 31.0 * float(state.decay)
    if state.power % 2 == 0:
        return _SIZE**state.power * (1.1 + _spread(phase))
    signs = np.where(_spread(phase + 1.1) < 0.5, -1.0, 1.0)
    return _SIZE**state.power * signs * 10 ** (-3 * _spread(phase))


@lru_cache(maxsize=512)
def fingerprint(rule: Rule) -> Array:
    """u in each situation; NaN and inf are part of it."""
    before = {state: _before(state) for state in rule.states}
    return direction(rule, _G, before, w=_W, step=_STEP, steps=_STEPS)[0]


def same_rule(a: Rule, b: Rule) -> bool:
    """Whether both take the same steps at the same learning rate."""
    return a == b or same(fingerprint(a), fingerprint(b))


def factor(a: Rule, b: Rule) -> float | None:
    """k > 0 where a is k b, and so b at k times the learning rate; else None."""
    first, second = fingerprint(a), fingerprint(b)
    with np.errstate(all="ignore"):
        ratios = first / second
    usable = np.isfinite(ratios) & (ratios != 0)
    if not usable.any():
        return 1.0 if same(first, second) else None
    ratio = float(np.median(ratios[usable]))
    with np.errstate(all="ignore"):
        return ratio if ratio > 0 and same(first, ratio * second) else None


class Met:
    """The rules met so far, each a direction: a rule twice as long is the same at half the learning rate."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[Rule]] = {}

    def add(self, rule: Rule) -> Rule | None:
        """The rule met before that is a positive multiple of `rule`; None, and it is kept, where none is."""
        keys = _keys(fingerprint(rule))
        for key in keys:
            for other in self._buckets.get(key, ()):
                if factor(rule, other) is not None:
                    return other
        self._buckets.setdefault(keys[0], []).append(rule)
        return None


def _keys(values: Array) -> tuple[int, ...]:
    """Numbers of which two directions that are multiples of each other share one."""
    finite = values[np.isfinite(values) & (values != 0)]
    if len(finite) < 2:
        return (len(finite),)
    with np.errstate(all="ignore"):
        feature = float(np.sum(np.tanh(np.log(np.abs(finite / finite[0])))) * 1e5)
    return (round(feature), round(feature - 0.5), round(feature + 0.5))
