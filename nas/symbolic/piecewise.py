"""An expression as a function by pieces, where it is made of powers, exponentials, waves and erf."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import sympy

from nas.symbolic.expression import Expression, X
from nas.symbolic.form import Node, fold
from nas.symbolic.pieces import ONE, NoClosedForm, Pieces, Sum, Term, added, constant


def pieces(expression: Expression) -> tuple[Pieces, Any]:
    """f with its parameters at their start, and the s of its erf(s x) (0 without).

    Raises:
        NoClosedForm: f is not of this kind.
    """
    scale = [sympy.S.Zero]
    values = {p.name: sympy.Rational(repr(p.start)) for p in expression.parameters}

    def leaf(node: Node) -> Pieces:
        if node.op == "symbol" and node.value == X.name:
            return Pieces((), ({Term(1): sympy.S.One},))
        return constant(values[node.value] if node.op == "symbol" else node.value)

    def apply(node: Node, arguments: list[Pieces]) -> Pieces:
        return _apply(node.op, arguments, scale)

    return fold(expression.form, leaf, apply), scale[0]


def _apply(op: str, arguments: list[Pieces], scale: list[Any]) -> Pieces:
    first, second = arguments[0], arguments[-1]
    match op:
        case "neg":
            return first * constant(-1)
        case "add":
            return first + second
        case "sub":
            return first - second
        case "mul":
            return first * second
        case "div":
            return first * constant(1 / second.number())
        case "pow":
            power = constant(1)
            for _ in range(int(second.number())):
                power = power * first
            return power
        case "sign":
            return _step(first, 1, -1)
        case "abs":
            return first * _step(first, 1, -1)
        case "max":  # b + (a - b) [a > b]
            return second + (first - second) * _step(first - second, 1, 0)
        case "min":
            return second + (first - second) * _step(first - second, 0, 1)
    return Pieces(first.ends, tuple(_call(op, terms, scale) for terms in first.sums))


def _polynomial(terms: Sum, degree: int) -> list[Any]:
    """Coefficients of a real polynomial of at most this degree, lowest first."""
    if any(t.square != 0 or t.linear != 0 or t.erfs or t.power > degree for t in terms):
        raise NoClosedForm
    coefficients = [terms.get(Term(k), sympy.S.Zero) for k in range(degree + 1)]
    if not all(c.is_real for c in coefficients):
        raise NoClosedForm
    return coefficients


def _step(function: Pieces, above: int, below: int) -> Pieces:
    """`above` where the function is positive, `below` where it is negative, 0 on pieces where it is 0."""
    ends, sums = [], []
    for low, high, terms in function.intervals():
        c, b, a = _polynomial(terms, 2)
        roots = sorted({r for r in _roots(a, b, c) if low < r < high})
        for left, right in pairwise([low, *roots, high]):
            x = _between(left, right)
            value = c + b * x + a * x**2
            ends.append(right)
            sums.append(constant(above if value > 0 else below if value < 0 else 0).sums[0])
    return Pieces(tuple(ends[:-1]), tuple(sums)) + constant(0)


def _roots(a: Any, b: Any, c: Any) -> list[Any]:
    if a == 0:
        return [-c / b] if b != 0 else []
    square = b**2 - 4 * a * c
    if square.is_Rational and not sympy.sqrt(square).is_Rational:
        raise NoClosedForm  # sympy compares irrational ends slowly
    return [(-b + s * sympy.sqrt(square)) / (2 * a) for s in (1, -1)] if square > 0 else []


def _between(low: Any, high: Any) -> Any:
    if low == -sympy.oo:
        return high - 1 if high != sympy.oo else sympy.S.Zero
    return low + 1 if high == sympy.oo else (low + high) / 2


def _call(op: str, terms: Sum, scale: list[Any]) -> Sum:
    """A function of one sum."""
    match op:
        case "sqrt":
            return constant(sympy.sqrt(_polynomial(terms, 0)[0])).sums[0]
        case "exp":
            return _exponential(terms, sympy.S.One)
        case "expm1":
            return added(_exponential(terms, sympy.S.One), {ONE: sympy.S.NegativeOne})
        case "sinh" | "cosh" | "sin" | "cos":
            unit = sympy.I if op in ("sin", "cos") else sympy.S.One
            sign = -1 if op in ("sin", "sinh") else 1
            other = {t: sign * c for t, c in _exponential(terms, -unit).items()}
            both = added(_exponential(terms, unit), other)
            return {t: c / 2 / (unit if sign < 0 else 1) for t, c in both.items()}
        case "erf":
            return _erf(terms, scale)
        case "erfc":
            return added({ONE: sympy.S.One}, {t: -c for t, c in _erf(terms, scale).items()})
    raise NoClosedForm


def _exponential(terms: Sum, unit: Any) -> Sum:
    """e^(unit u) for a polynomial u of degree 2, or 1 where the unit is imaginary."""
    c, b, a = (unit * k for k in _polynomial(terms, 2))
    if unit.is_imaginary and a != 0:
        raise NoClosedForm
    return {Term(0, a, b): sympy.exp(c)}


def _erf(terms: Sum, scale: list[Any]) -> Sum:
    constant, factor = _polynomial(terms, 1)
    if factor == 0:
        return {ONE: sympy.erf(constant)} if constant != 0 else {}
    if constant != 0 or scale[0] not in (0, abs(factor)):
        raise NoClosedForm
    scale[0] = abs(factor)
    return {Term(erfs=1): sympy.sign(factor)}
