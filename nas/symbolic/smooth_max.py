"""The smooth maximum S_beta and the ACON family that is made of it (Ma et al. 2021).

S_beta(x1..xn) = sum_i x_i e^(beta x_i) / sum_i e^(beta x_i)     -> max as beta -> inf, mean as beta -> 0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from nas.symbolic.expression import Expression, Parameter, Scope, compose, symbol
from nas.symbolic.functions import sigmoid

_BETA = symbol("beta")
_G, _H = symbol("x1"), symbol("x2")


def smooth_max(pieces: Sequence[Any], beta: Any) -> Any:
    """The definition, as a sympy tree; for reading and proving, not for computing (it overflows)."""
    weights = [sympy.exp(beta * piece) for piece in pieces]
    return sympy.Add(*[p * w for p, w in zip(pieces, weights, strict=True)]) / sympy.Add(*weights)


def two_piece(g: Expression, h: Expression, scope: Scope = "channel") -> Expression:
    """S_beta(g, h) = (g - h) sigmoid(beta (g - h)) + h with a trainable beta, starting at 1.

    S_beta(x, 0) is ACON-A or Swish, S_beta(x, p x) ACON-B, S_beta(p1 x, p2 x) ACON-C.
    """
    template = Expression.of((_G - _H) * sigmoid(_BETA * (_G - _H)) + _H, (Parameter("beta"),))
    return compose(template, {"x1": g, "x2": h}, scope)
