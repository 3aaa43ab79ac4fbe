"""Values of a tree in x at high precision, also where float64 overflows, cancels or underflows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import sympy

from nas.symbolic.form import Node, fold, form
from nas.symbolic.primitives import PRIMITIVES

DIGITS = 60

_LARGEST_BITS = 512  #: exp of a number with more bits before the point takes mpmath 10 ms, and soon seconds

#: limits at -inf and inf of what mpmath cannot evaluate far out; NaN where there is none
_LIMITS = {
    "exp": (0, mpmath.inf),
    "expm1": (-1, mpmath.inf),
    "sinh": (-mpmath.inf, mpmath.inf),
    "cosh": (mpmath.inf, mpmath.inf),
    "tanh": (-1, 1),
    "erf": (-1, 1),
    "erfc": (2, 0),
    "sigmoid": (0, 1),
    "softplus": (0, mpmath.inf),
    "sinc": (0, 0),
    "sinc_slope": (0, 0),
    "sin": (mpmath.nan, mpmath.nan),
    "cos": (mpmath.nan, mpmath.nan),
}


def precise(tree: Any, x: Any, digits: int = DIGITS) -> Any:
    """The tree at x as an mpmath number of `digits` digits; NaN where it has no real value.

    exp(u), tanh(u) and the like stand at their limits for |u| beyond 2^512.
    """
    with mpmath.workdps(digits):
        at = exactly(x)

        def leaf(node: Node) -> Any:
            if node.op == "symbol":
                return at
            return mpmath.pi() if node.value is sympy.pi else mpmath.mpf(node.value.p) / node.value.q

        return +fold(form(tree), leaf, _apply)


def exactly(x: Any) -> Any:
    """A number as an mpmath number, rounded to the precision at hand."""
    return mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mpmath.mpf(x)


def _apply(node: Node, arguments: list[Any]) -> Any:
    if any(mpmath.isnan(a) for a in arguments):
        return mpmath.nan
    u = arguments[0]
    if node.op in _LIMITS and (mpmath.isinf(u) or (u and mpmath.mag(u) > _LARGEST_BITS)):
        return mpmath.mpf(_LIMITS[node.op][int(u > 0)])
    try:
        return PRIMITIVES[node.op].mpmath(*arguments)
    except (ArithmeticError, ValueError, TypeError):  # no value at infinity, or none that is real
        return mpmath.nan
