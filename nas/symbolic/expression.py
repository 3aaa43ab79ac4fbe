"""An activation function: a sympy tree in one variable, and the parameters it learns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NoReturn

import sympy

from nas.errors import ExpressionError
from nas.symbolic.build import rebuild
from nas.symbolic.form import Node, form, text
from nas.symbolic.latex import latex
from nas.symbolic.limits import limited
from nas.symbolic.rewrite import stabilize

Scope = Literal["channel", "scalar"]

X = sympy.Symbol("x", real=True)

#: names a learnable parameter may have, and where it starts
PARAMETER = re.compile(r"(alpha|beta|gamma|p)([0-9]{0,2})")

#: a power that large is no activation function, and would stall sympy
LARGEST_EXPONENT = 64

#: of numerators and denominators
LARGEST_INTEGER = 10**100

#: `comparisons` of all max and min of a formula together; more may take a tenth of a second
MOST_COMPARISONS = 250

#: processor seconds for the canonical form of one formula; common ones take some milliseconds
CANONICAL_SECONDS = 5.0

_MOST_ROUNDS = 5  # one or two suffice in practice

_BAD = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.I)


def symbol(name: str) -> Any:
    """The sympy symbol of a variable or parameter."""
    return sympy.Symbol(name, real=True)


def default_start(name: str) -> float:
    """ACON starts at p1 = beta = 1, p2 = 0 (Ma et al. 2021), PReLU's slope at 0.25 (He et al. 2015)."""
    return {"p": 0.25, "p2": 0.0}.get(name, 1.0)


@dataclass(frozen=True)
class Parameter:
    """A learnable number: one for each channel, or one for the whole layer."""

    name: str
    scope: Scope = "channel"
    start: float = 1.0

    @property
    def text(self) -> str:
        """`beta[channel]`, with the start value where it is not the usual one."""
        start = "" if self.start == default_start(self.name) else f", {self.start:.12g}"
        return f"{self.name}[{self.scope}{start}]"


@dataclass(frozen=True)
class Expression:
    """f(x; parameters). Two expressions are equal when their canonical trees and parameters are.

    Make one with `nas.symbolic.parse.parse` or `Expression.of`.
    """

    tree: Any
    parameters: tuple[Parameter, ...] = ()

    @classmethod
    def of(cls, tree: Any, parameters: Sequence[Parameter] = ()) -> Expression:
        """Canonical and stable form of `tree`; drops parameters that cancelled.

        Raises:
            ExpressionError: the formula has no real value, a power or number is too large, its max and min
                have too many pieces, or sympy has no canonical form after CANONICAL_SECONDS.
        """
        stable = limited(CANONICAL_SECONDS, lambda: _canonical(tree), too_intricate)
        for power in stable.atoms(sympy.Pow):
            if power.exp.is_Rational and abs(power.exp) > LARGEST_EXPONENT:
                raise ExpressionError(
                    "an exponent is too large", got=power.exp, allowed=f"at most {LARGEST_EXPONENT}"
                )
        for value in stable.atoms(sympy.Rational):
            if max(abs(value.p), value.q) > LARGEST_INTEGER:  # the parser would not read it back
                raise ExpressionError("a number is too long, too large or too small", got=value)
        if sum(comparisons(node.args) for node in stable.atoms(sympy.Max, sympy.Min)) > MOST_COMPARISONS:
            too_intricate()
        names = {s.name for s in stable.free_symbols}
        kept = sorted((p for p in parameters if p.name in names), key=lambda p: p.name)
        return cls(stable, tuple(kept))

    @cached_property
    def form(self) -> Node:
        """The operator tree."""
        return form(self.tree)

    @cached_property
    def text(self) -> str:
        """The formula in the syntax of `parse`; it reads back to an equal expression."""
        written = {p.name: p.text for p in self.parameters}
        return text(self.form, lambda name: written.get(name, name))

    @cached_property
    def short(self) -> str:
        """The formula without the scopes of its parameters."""
        return text(self.form)

    @cached_property
    def complexity(self) -> int:
        """Number of nodes of the operator tree, as in PySR: each operator, variable and number counts one."""
        return sum(1 for _ in self.form.walk())

    @cached_property
    def latex(self) -> str:
        """The formula in LaTeX."""
        return latex(self.tree)

    def with_scope(self, scope: Scope) -> Expression:
        """The same function with every parameter of this scope."""
        return replace(self, parameters=tuple(replace(p, scope=scope) for p in self.parameters))

    def __str__(self) -> str:
        return self.text


def comparisons(pieces: Sequence[Any]) -> int:
    """What the canonical max of `pieces` costs: nodes of all pairs, each of which is compared."""
    return (len(pieces) - 1) * sum(sum(1 for _ in sympy.preorder_traversal(piece)) for piece in pieces)


def too_intricate() -> NoReturn:
    """Refuse a formula that sympy takes too long for."""
    raise ExpressionError("the formula is too intricate", cure="write it with fewer terms and max or min")


def _canonical(tree: Any) -> Any:
    """The stable form whose text reads back to it: sympy multiplies 2 (x + 1) out when it is typed, but not
    when the 2 turns up later."""
    for _ in range(_MOST_ROUNDS):
        stable = stabilize(tree)
        if stable.has(*_BAD):
            raise ExpressionError(
                "the formula has no finite real value",
                got=tree,
                cure="check divisions by 0 and roots of negatives",
            )
        tree = rebuild(form(stable))
        if tree == stable:
            break
    return stable


def compose(template: Expression, parts: Mapping[str, Expression], scope: Scope | None = None) -> Expression:
    """`template` with each variable replaced by a part; parameters of different places stay different.

    The betas of parts and template are numbered in the order parts, then template: beta1, beta2, … (just beta
    where only one is left), and likewise for the other families.
    """
    places = [*parts.items(), ("", template)]
    marks = {
        (place, p.name): replace(p, name=f"{_family(p.name)}_{number}", scope=scope or p.scope)
        for number, (place, p) in enumerate((place, p) for place, part in places for p in part.parameters)
    }

    def tree(place: str, expression: Expression) -> Any:
        return expression.tree.xreplace(
            {symbol(p.name): symbol(marks[place, p.name].name) for p in expression.parameters}
        )

    filled = tree("", template).xreplace({symbol(v): tree(v, part) for v, part in parts.items()})
    left = {s.name for s in stabilize(filled).free_symbols}
    kept = [mark for mark in marks.values() if mark.name in left]
    names = _numbered([_family(mark.name) for mark in kept])
    renamed = filled.xreplace({symbol(m.name): symbol(n) for m, n in zip(kept, names, strict=True)})
    return Expression.of(renamed, [replace(m, name=n) for m, n in zip(kept, names, strict=True)])


def _numbered(families: Sequence[str]) -> list[str]:
    """beta, p, beta -> beta1, p, beta2."""
    seen: dict[str, int] = {}
    names = []
    for family in families:
        seen[family] = seen.get(family, 0) + 1
        names.append(family if families.count(family) == 1 else f"{family}{seen[family]}")
    return names


def _family(name: str) -> str:
    return name.rstrip("0123456789_")
