"""The smooth maximum of any number of pieces, its stable form derived from its definition (Ma et al. 2021).

S_beta(x1..xn) = sum_i x_i e^(beta x_i) / sum_i e^(beta x_i)     -> max as beta -> inf, mean as beta -> 0

The quotient overflows. Two pieces of weights e^a and e^b are, divided by what is common to them,

    (g e^a + h e^b) / (e^a + e^b) = (g - h) sigmoid(a - b) + h,     e^a + e^b = e^(b + softplus(a - b)),

and n pieces are two: the first n - 1 under their joint weight, and the last. So the form below has no
exponential that could overflow, for any beta and any n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import sympy
from scipy.special import lambertw

from nas.symbolic.expression import Expression, Parameter, Scope, compose, symbol
from nas.symbolic.functions import log, sigmoid
from nas.symbolic.rewrite import stabilize

TOP = symbol("t")  #: the greatest piece in `limit`

_G, _H, _A, _B = (sympy.Symbol(name, real=True) for name in "ghab")


def definition(pieces: Sequence[Any], beta: Any) -> Any:
    """The quotient, as a sympy tree; for reading and proving, not for computing (it overflows)."""
    weights = [sympy.exp(beta * piece) for piece in pieces]
    return sympy.Add(*[p * w for p, w in zip(pieces, weights, strict=True)]) / sympy.Add(*weights)


@dataclass(frozen=True)
class Derivation:
    """The weighted mean of g and h, of weights e^a and e^b, in three forms that sympy makes of each other."""

    quotient: Any  #: (g e^a + h e^b) / (e^a + e^b)
    gates: Any  #: g sigmoid(a - b) + h sigmoid(b - a)
    form: Any  #: (g - h) sigmoid(a - b) + h
    weight: Any  #: log(e^a + e^b) = b + softplus(a - b)

    def two_pieces(self, g: Any, h: Any, beta: Any) -> tuple[Any, Any, Any]:
        """Quotient, gates and form for the weights e^(beta g) and e^(beta h)."""
        at = {_G: g, _H: h, _A: beta * g, _B: beta * h}
        quotient, gates, form = (
            f.xreplace(at).replace(sigmoid, lambda gap: sigmoid(sympy.factor_terms(gap)))
            for f in (self.quotient, self.gates, self.form)
        )
        return quotient, gates, form


@cache
def derivation() -> Derivation:
    """From the quotient to the form that is computed, by sympy."""
    quotient = (_G * sympy.exp(_A) + _H * sympy.exp(_B)) / (sympy.exp(_A) + sympy.exp(_B))
    above, below = sympy.fraction(quotient)
    shares = [_divided(sympy.exp(weight), below) for weight in (_A, _B)]
    gates = sympy.Add(*[above.coeff(sympy.exp(w)) * s for w, s in zip((_A, _B), shares, strict=True)])
    one_gate = gates.subs(sigmoid(_B - _A), 1 - sigmoid(_A - _B))
    form = sympy.collect(sympy.expand_mul(one_gate), sigmoid(_A - _B))
    weight = _B + stabilize(log(sympy.powsimp(sympy.expand(below / sympy.exp(_B)))))
    return Derivation(quotient, gates, form, weight)


def _divided(weight: Any, total: Any) -> Any:
    """weight / total with the weight divided out of both, in stable atoms."""
    return stabilize(1 / sympy.powsimp(sympy.expand(total / weight)))


def variables(count: int) -> tuple[str, ...]:
    """x1, x2, …: what the pieces are called in a template."""
    return tuple(f"x{i}" for i in range(1, count + 1))


@cache
def template(count: int) -> Expression:
    """S_beta(x1, …, x<count>) in its stable form, with a trainable beta that starts at 1.

    Its `short` is the text of the form. For two pieces (x1 - x2) sigmoid(beta (x1 - x2)) + x2.
    """
    derived, beta = derivation(), symbol("beta")

    def joined(first: tuple[Any, Any], second: tuple[Any, Any]) -> tuple[Any, Any]:
        (g, a), (h, b) = first, second
        gap = sympy.collect(a - b, beta)
        at = {_G: g, _H: h, _A: gap + b, _B: b}
        return derived.form.xreplace(at), derived.weight.xreplace(at)

    pieces = [symbol(name) for name in variables(count)]
    value, _ = reduce(joined, [(piece, beta * piece) for piece in pieces])
    return Expression.of(value, (Parameter("beta"),))


def smooth_maximum(pieces: Sequence[Expression], scope: Scope = "channel") -> Expression:
    """S_beta of one or more pieces with a trainable beta, parameters of different pieces kept apart.

    S_beta(x, 0) is ACON-A or Swish, S_beta(x, p x) ACON-B, S_beta(p1 x, p2 x) ACON-C. Values and gradients
    are finite wherever those of the pieces and beta times their differences are.
    """
    return compose(template(len(pieces)), dict(zip(variables(len(pieces)), pieces, strict=True)), scope)


def limit(gaps: Sequence[Any], toward: Any) -> Any:
    """The limit of S_beta(t - gaps[0], t - gaps[1], …) as beta > 0 goes `toward` a number or infinity.

    Found by sympy from the definition, e^(beta t) divided out; t is the symbol TOP. A gap is 0 or a positive
    symbol or sum: which are 0 and which are equal is the ordering of the pieces.
    """
    beta = sympy.Symbol("beta", positive=True)
    above, below = sympy.fraction(definition([TOP - gap for gap in gaps], beta))
    shares = [sympy.powsimp(sympy.expand(part * sympy.exp(-beta * TOP))) for part in (above, below)]
    return sympy.expand(sympy.limit(shares[0] / shares[1], beta, toward))


def gap_to_max(count: int) -> float:
    """The least c with 0 <= max - S_beta <= c / beta for beta > 0: W((n - 1) / e), W being Lambert's.

    max - S_beta is a mean of the gaps d_i with weights e^(-beta d_i). It is stationary where every lower
    piece has beta d = 1 + c, and there c e^c = (n - 1) / e. Two pieces: 0.2785, three: 0.4631.
    """
    return float(lambertw((count - 1) / math.e).real)


def gap_to_mean(spread: float, beta: float) -> float:
    """A bound of |S_beta - mean| for pieces within `spread` of each other: beta spread^2 / 4.

    dS/dbeta is the variance of the pieces under their weights, at most spread^2 / 4 (Popoviciu 1935).
    """
    return abs(beta) * spread**2 / 4
