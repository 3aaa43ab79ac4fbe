"""Functions by pieces, each a sum of powers times exponentials times powers of erf.

On each piece such a function is a sum of terms c x^k e^(a x^2 + b x) erf(s x)^j, with complex b for sin and
cos and one s for the whole function. Sums, products, slopes and the branches of max and min are of that kind
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import sympy

#: beyond, the algebra would take longer than a quadrature, and nobody would read its result
_MOST_TERMS, _MOST_PIECES = 8, 8


class NoClosedForm(Exception):
    """The function, or its integral, is not of the kind that is known here."""


class Term(NamedTuple):
    """x^power e^(square x^2 + linear x) erf(s x)^erfs, without its coefficient."""

    power: int = 0
    square: Any = sympy.S.Zero
    linear: Any = sympy.S.Zero
    erfs: int = 0

    def times(self, other: Term) -> Term:
        """The product of two terms."""
        return Term(*(a + b for a, b in zip(self, other, strict=True)))


#: the term of a constant
ONE = Term()

#: coefficient of each term
Sum = dict[Term, Any]


@dataclass(frozen=True)
class Pieces:
    """A function by pieces: `sums[i]` holds between `ends[i - 1]` and `ends[i]`."""

    ends: tuple[Any, ...]
    sums: tuple[Sum, ...]

    def __mul__(self, other: Pieces) -> Pieces:
        return _joined(self, other, _product)

    def __add__(self, other: Pieces) -> Pieces:
        return _joined(self, other, added)

    def __sub__(self, other: Pieces) -> Pieces:
        return self + other * constant(-1)

    def intervals(self) -> list[tuple[Any, Any, Sum]]:
        """(low, high, what holds between)."""
        bounds = pairwise((-sympy.oo, *self.ends, sympy.oo))
        return [(low, high, terms) for (low, high), terms in zip(bounds, self.sums, strict=True)]

    def number(self) -> Any:
        """The value of a constant."""
        if self.ends or set(self.sums[0]) - {ONE}:
            raise NoClosedForm
        return self.sums[0].get(ONE, sympy.S.Zero)


def constant(value: Any) -> Pieces:
    """The function of this value."""
    return Pieces((), ({ONE: sympy.sympify(value)} if value != 0 else {},))


def slope(function: Pieces, scale: Any) -> Pieces:
    """f', where it exists."""

    def of(terms: Sum) -> Sum:
        total: Sum = {}
        for t, c in terms.items():
            _add(total, t._replace(power=t.power - 1), c * t.power)
            _add(total, t._replace(power=t.power + 1), c * 2 * t.square)
            _add(total, t, c * t.linear)
            bell = t._replace(square=t.square - scale**2, erfs=t.erfs - 1)
            _add(total, bell, c * t.erfs * 2 * scale / sympy.sqrt(sympy.pi))
        return total

    return Pieces(function.ends, tuple(of(terms) for terms in function.sums))


def _add(total: Sum, term: Term, coefficient: Any) -> None:
    value = total.get(term, sympy.S.Zero) + coefficient
    if not value.is_Rational:
        value = sympy.expand(value)
    if value == 0:
        total.pop(term, None)
    else:
        total[term] = value
    if len(total) > _MOST_TERMS:
        raise NoClosedForm


def added(a: Sum, b: Sum) -> Sum:
    """a + b on one piece."""
    total = dict(a)
    for term, coefficient in b.items():
        _add(total, term, coefficient)
    return total


def _product(a: Sum, b: Sum) -> Sum:
    total: Sum = {}
    for s, c in a.items():
        for t, d in b.items():
            _add(total, s.times(t), c * d)
    return total


def _joined(a: Pieces, b: Pieces, operation: Callable[[Sum, Sum], Sum]) -> Pieces:
    """`operation` on the common pieces of two functions; equal neighbors become one piece."""
    ends: list[Any] = []
    sums: list[Sum] = []
    for low in [-sympy.oo, *sorted({*a.ends, *b.ends})]:
        result = operation(_after(a, low), _after(b, low))
        if sums and sums[-1] == result:
            continue
        if sums:
            ends.append(low)
        sums.append(result)
    if len(sums) > _MOST_PIECES:
        raise NoClosedForm
    return Pieces(tuple(ends), tuple(sums))


def _after(function: Pieces, low: Any) -> Sum:
    """The sum that holds right of `low`."""
    return function.sums[sum(1 for end in function.ends if end <= low)]
