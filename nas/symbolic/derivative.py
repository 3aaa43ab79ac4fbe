"""Derivatives by the chain rule over the table of primitives.

Unlike sympy's own, the derivative of max and abs selects a branch instead of multiplying by a step
function, so an overflow on the side that is not taken cannot turn into 0 * inf = NaN.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy

from nas.errors import ExpressionError
from nas.symbolic.functions import choose, sqrt
from nas.symbolic.limits import limited
from nas.symbolic.primitives import BY_CLASS
from nas.symbolic.rewrite import stabilize

#: processor seconds for one quotient, which takes milliseconds; beyond, the product rule serves
_SECONDS = 1.0

_LARGEST_QUOTIENT = 30  # operations; beyond, expanding a numerator costs more than it can save


@lru_cache(maxsize=8192)
def derivative(tree: Any, symbol: Any) -> Any:
    """d tree / d symbol as a sympy tree; at a kink of max(a, b) the derivative of b, of abs 0."""
    if tree == symbol:
        return sympy.S.One
    if symbol not in tree.free_symbols:
        return sympy.S.Zero
    if tree.is_Add:
        return sympy.Add(*[derivative(a, symbol) for a in tree.args])
    if tree.is_Mul:
        return _product(tree, symbol)
    if tree.is_Pow and tree.base is not sympy.E:
        base, exponent = tree.args
        return exponent * base ** (exponent - 1) * derivative(base, symbol)
    if isinstance(tree, (sympy.Max, sympy.Min)):
        return _extremum(tree, symbol)
    if isinstance(tree, choose):
        a, b, t, e = tree.args
        return choose(a, b, derivative(t, symbol), derivative(e, symbol))
    row = BY_CLASS.get(tree.func)
    if row is None or len(row.derivative) != len(tree.args):
        raise ExpressionError("no derivative is known", got=tree)
    return sympy.Add(
        *[
            _merged(d(*tree.args) * derivative(a, symbol))
            for d, a in zip(row.derivative, tree.args, strict=True)
        ]
    )


def _merged(product: Any) -> Any:
    """e^a e^b as e^(a + b): so the slope of exp(-exp(x)) is no 0 * inf."""
    factors = sympy.Mul.make_args(product)
    exponents = [f.args[0] for f in factors if isinstance(f, sympy.exp)]
    if len(exponents) < 2:
        return product
    return sympy.Mul(sympy.exp(sympy.Add(*exponents)), *[f for f in factors if not isinstance(f, sympy.exp)])


def _product(tree: Any, symbol: Any) -> Any:
    """(u v)' = u' v + u v', or the quotient rule where its numerator collapses and the sum would cancel."""
    constant, factors = tree.as_independent(symbol, as_Add=False)
    above, below = factors.as_numer_denom()
    if below != 1 and factors.count_ops() < _LARGEST_QUOTIENT:
        slopes = derivative(above, symbol), derivative(below, symbol)
        numerator = slopes[0] * below - above * slopes[1]
        quotient = limited(_SECONDS, lambda: _collapsed(numerator), lambda: None)
        if quotient is not None and quotient[0].count_ops() <= slopes[0].count_ops():
            return constant * quotient[0] / (quotient[1] * below**2)
    arguments = sympy.Mul.make_args(factors)
    terms = [
        sympy.Mul(constant, derivative(a, symbol), *arguments[:i], *arguments[i + 1 :])
        for i, a in enumerate(arguments)
    ]
    return sympy.Add(*terms)


def _collapsed(tree: Any) -> tuple[Any, Any]:
    """Expanded, with the roots that it is divided by: sqrt(w) - u/sqrt(w) = (w - u)/sqrt(w)."""
    top, root = tree.as_numer_denom()
    squares = {p: p.base.args[0] for p in top.atoms(sympy.Pow) if isinstance(p.base, sqrt) and p.exp == 2}
    if not squares:
        return stabilize(sympy.expand_mul(tree)), sympy.S.One
    return stabilize(sympy.expand_mul(top.xreplace(squares))), root


def _extremum(tree: Any, symbol: Any) -> Any:
    """max(a, b)' = a' where a > b, else b';  min(a, b)' = b' where a > b, else a'.

    Constants come last, so at 0 the slope of max(x, 0) is 0 and of min(x, 0) is 1: their sum, x, keeps
    slope 1.
    """
    arguments = sorted(tree.args, key=lambda a: a.is_number)
    value, slope = arguments[0], derivative(arguments[0], symbol)
    for other in arguments[1:]:
        other_slope = derivative(other, symbol)
        branches = (slope, other_slope) if isinstance(tree, sympy.Max) else (other_slope, slope)
        slope = choose(value, other, *branches)
        value = tree.func(value, other)
    return slope
