"""What a hard function is made of: maxima of pieces, their means, and how far the smooth maximum stays away.

A hard function is any formula with max, min or abs in it; |a| is max(a, -a), and min(a, b) is -max(-a, -b).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy

from nas.symbolic import functions as f
from nas.symbolic.expression import Expression, X, symbol
from nas.symbolic.numeric import evaluate_tree
from nas.symbolic.smooth_max import gap_to_max

_STEP = sympy.Rational(1, 10**6)  #: bounds are rounded up to it

HARD = (sympy.Max, sympy.Min, sympy.Abs)

#: |g(u) - g(v)| <= c |u - v|
_LIPSCHITZ = {
    **dict.fromkeys((sympy.tanh, sympy.sin, sympy.cos, sympy.atan, sympy.asinh, f.softplus), sympy.S.One),
    f.sigmoid: sympy.Rational(1, 4),
    **dict.fromkeys((sympy.erf, f.erfc), 2 / sympy.sqrt(sympy.pi)),
}


def pieces(tree: Any) -> list[Any]:
    """What a max, min or abs is taken of: the steepest to the right first, numbers last."""
    if isinstance(tree, sympy.Abs):
        return [tree.args[0], -tree.args[0]]

    def slope(piece: Any) -> float:
        at = {s.name: 1 / (2.0 + i) for i, s in enumerate(sorted(piece.free_symbols - {X}, key=str))}
        value = float(evaluate_tree(piece, 1.0, at))
        return -value if np.isfinite(value) else 0.0

    return sorted(tree.args, key=lambda p: (p.is_number, X not in p.free_symbols, slope(p), str(p)))


def mean(tree: Any) -> Any:
    """`tree` with the mean of the pieces in place of each maximum."""
    if isinstance(tree, HARD):
        values = [mean(piece) for piece in pieces(tree)]
        return sympy.Add(*values) / len(values)
    return tree.func(*[mean(a) for a in tree.args]) if tree.args else tree


def gap(expression: Expression) -> Expression | None:
    """A bound of beta |hard - soft| as a function of x, parameters at their start; None where none is known.

    |S_beta(a', b') - max(a, b)| <= W/beta + max(|a' - a|, |b' - b|) for the softened pieces a', b', and W of
    `gap_to_max`.
    """
    bound = _gap(expression.tree)
    starts = {symbol(p.name): sympy.Rational(str(p.start)) for p in expression.parameters}
    return None if bound is None else Expression.of(bound.xreplace(starts))


def _gap(tree: Any) -> Any:
    if not tree.has(*HARD):
        return sympy.S.Zero
    parts = [_gap(a) for a in (pieces(tree) if isinstance(tree, HARD) else tree.args)]
    if any(part is None for part in parts):
        return None
    if isinstance(tree, HARD):
        widest = math.ceil(gap_to_max(len(parts)) / _STEP) * _STEP
        return widest + sympy.Max(*parts)
    if tree.is_Add:
        return sympy.Add(*parts)
    hard = [a for a in tree.args if a.has(*HARD)]
    if tree.is_Mul and len(hard) == 1:
        rest = sympy.Mul(*[a for a in tree.args if a is not hard[0]])
        return sympy.Abs(rest) * sum(parts)
    return _LIPSCHITZ[tree.func] * parts[0] if tree.func in _LIPSCHITZ else None
