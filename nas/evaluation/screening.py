"""What is hopeless before training, and why; judged from the numbers of f and f' alone, in milliseconds.

The input of an activation behind batch norm is close to N(0, 1), so f is looked at on [-6, 6], where all
but 2e-9 of it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import ndtri

from nas.errors import ExpressionError
from nas.rows.optimizers import OPTIMIZERS
from nas.rules import screening
from nas.rules.rule import read
from nas.symbolic.expression import Expression
from nas.symbolic.numeric import evaluate, evaluate_derivative

_REACH = 6.0
_GRID = np.linspace(-_REACH, _REACH, 402)  # even, so that 0, a legitimate pole of slopes, is not on it
_TYPICAL = ndtri((np.arange(200) + 0.5) / 200)  # quantiles of N(0, 1)

_LARGEST_FLOAT32 = 3.4028234663852886e38
_LARGEST_TYPICAL = 1e4  # in the middle 98 % of inputs; batch norm cannot save what two layers raise to 1e8
_LEAST_VARIATION = 1e-6  # of f over [-6, 6], relative to its size: float32 sees a constant
_LEAST_SLOPE, _LEAST_ALIVE = 1e-4, 0.05  # where fewer than 5 % of inputs pass a gradient, nothing is learned


def reason_to_screen(expression: Expression, settings: Mapping[str, Any] | None = None) -> str | None:
    """Why training `expression` under `settings` would be a waste, or None where it may be worth it."""
    return _of_rule((settings or {}).get("optimizer")) or _of_function(expression)


def _of_rule(optimizer: str | None) -> str | None:
    """An update rule that is no rule, or goes nowhere or everywhere; those with a name are all worth it."""
    if optimizer is None or optimizer in OPTIMIZERS:
        return None
    try:
        reason = screening.reason_to_screen(read(optimizer))
    except ExpressionError as error:
        return f"undefined: {error.what}"
    return None if reason is None else f"update rule: {reason}"


def _of_function(expression: Expression) -> str | None:
    with np.errstate(all="ignore"):
        values, slopes = evaluate(expression, _GRID), evaluate_derivative(expression, _GRID)
        for what, numbers in (("the function", values), ("its slope", slopes)):
            bad = ~(np.abs(numbers) <= _LARGEST_FLOAT32)
            if bad.any():
                worst = _GRID[bad][np.argmin(np.abs(_GRID[bad]))]
                return f"{what} is not finite in float32 at x = {worst:.2f}"
        spread = values.max() - values.min()
        if spread <= _LEAST_VARIATION * max(np.abs(values).max(), 1e-30):
            return "constant"
        typical = np.abs(evaluate(expression, _TYPICAL[2:-2])).max()
        if typical > _LARGEST_TYPICAL:
            return f"as large as {typical:.1e} on ordinary inputs"
        alive = float(np.mean(np.abs(evaluate_derivative(expression, _TYPICAL)) > _LEAST_SLOPE))
        if alive < _LEAST_ALIVE:
            return f"flat: only {100 * alive:.0f} % of inputs pass a gradient"
    return None
