"""The soft relative of a hard function: every maximum in it becomes the smooth maximum, all with one beta.

    max(a, b, …) -> S_beta(a, b, …)     min(a, b, …) = -max(-a, -b, …) -> S_-beta(a, b, …)
    |a| = max(a, -a) -> S_beta(a, -a)

One beta serves all of them, so that one number leads from the mean of the pieces (beta = 0) to the hard
function (beta = inf), at a distance of at most a constant over beta.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy

from nas.errors import ExpressionError
from nas.symbolic.expression import Expression, Parameter, X, symbol
from nas.symbolic.form import form, text
from nas.symbolic.hard import HARD, gap, mean, pieces
from nas.symbolic.limits import limited
from nas.symbolic.naming import name_of
from nas.symbolic.smooth_max import TOP, definition, derivation, limit, template, variables

LARGEST = 2000  #: nodes of a soft function; 1,000 take half a second, 50,000 half a minute

LIMIT_SECONDS = 2.0  #: of sympy for the limits of one number of pieces; beyond, the step is left out


@dataclass(frozen=True)
class Step:
    """A line of the derivation: what is done, and what it gives."""

    rule: str
    formula: str


@dataclass(frozen=True)
class Softened:
    """A hard function and its soft relative."""

    hard: Expression
    soft: Expression
    beta: str  #: the name of the new parameter
    name: str | None  #: of the soft function
    steps: tuple[Step, ...]
    mean: Expression  #: the limit for beta -> 0
    gap: Expression | None  #: |hard - soft| <= gap(x) / beta for beta > 0, parameters at their start
    linear: tuple[Any, Any] | None  #: (p1, p2) where the hard function is max(p1 x, p2 x)

    @property
    def max_gap(self) -> float | None:
        """`gap` where it is the same for all x."""
        return float(self.gap.tree) if self.gap is not None and self.gap.tree.is_number else None


@lru_cache(maxsize=256)
def soften(expression: Expression) -> Softened:
    """The soft relative of `expression`, with a trainable beta that starts at 1, and how it comes about.

    Raises:
        ExpressionError: there is no max, min or abs in it, or a jump.
    """
    if not expression.tree.has(*HARD):
        raise ExpressionError(
            "there is nothing to soften: the formula has no max, min or abs",
            got=expression.short,
            allowed="functions made of max, min and abs of pieces",
            cure='write the hard function, such as "max(x, 0.25*x)" or "min(max(x, 0), 6)"',
        )
    if expression.tree.has(sympy.sign):
        raise ExpressionError(
            "a jump has no soft relative: sign(u) is no maximum of continuous pieces",
            got=expression.short,
            allowed="functions made of max, min and abs of pieces",
            cure="write max(min(c*u, 1), -1) with a large c for sign(u)",
        )
    if (size := _size(expression.tree)) > LARGEST:
        raise ExpressionError(
            "the soft function would be too large",
            got=f"{size} nodes",
            allowed=f"at most {LARGEST}",
            cure="nest fewer max, min and abs: each of them repeats what is inside",
        )
    beta = _free_name(expression)
    softener = _Softener(symbol(beta))
    soft = Expression.of(softener.soft(expression.tree), (*expression.parameters, Parameter(beta)))
    if expression.tree.func not in HARD:
        softener.steps.append(Step("all of it", soft.short))
    return Softened(
        expression,
        soft,
        beta,
        name_of(soft),
        tuple(softener.steps),
        Expression.of(mean(expression.tree), expression.parameters),
        gap(expression),
        _linear(expression.tree),
    )


def _size(tree: Any) -> int:
    """About how many nodes the soft function has: a template repeats its pieces."""
    if not isinstance(tree, HARD):
        return 1 + sum(map(_size, tree.args))
    parts = pieces(tree)
    form_of = template(len(parts)).tree
    repeats = [form_of.count(symbol(name)) for name in variables(len(parts))]
    return sum(repeat * (1 + _size(piece)) for repeat, piece in zip(repeats, parts, strict=True))


def _free_name(expression: Expression) -> str:
    taken = {p.name for p in expression.parameters}
    return next(name for name in ("beta", *(f"beta{i}" for i in range(1, 100))) if name not in taken)


class _Softener:
    """Replaces maxima from the inside out, and keeps the steps."""

    def __init__(self, beta: Any) -> None:
        self.steps: list[Step] = []
        self._beta = beta
        self._known: dict[Any, Any] = {}
        self._explained: set[int] = set()

    def soft(self, tree: Any) -> Any:
        """`tree` with every maximum smooth."""
        if not tree.has(*HARD):
            return tree
        if tree not in self._known:
            if isinstance(tree, HARD):
                softened = [self.soft(piece) for piece in pieces(tree)]
                self._known[tree] = self._maximum(tree, softened)
            else:
                self._known[tree] = tree.func(*[self.soft(a) for a in tree.args])
        return self._known[tree]

    def _maximum(self, tree: Any, softened: list[Any]) -> Any:
        names = ("g", "h") if len(softened) == 2 else variables(len(softened))
        written = {name: _text(piece) for name, piece in zip(names, softened, strict=True)}
        self.steps.append(
            Step(f"the pieces of {_opening(tree)}", ", ".join(f"{n} = {t}" for n, t in written.items()))
        )
        self._explain(names)
        beta = -self._beta if isinstance(tree, sympy.Min) else self._beta
        at = dict(zip(map(symbol, variables(len(softened))), softened, strict=True))
        value = template(len(softened)).tree.xreplace({**at, symbol("beta"): beta})
        self.steps.append(Step("put in the pieces", _text(value)))
        return value

    def _explain(self, names: tuple[str, ...]) -> None:
        """The form for so many pieces and its limits, once."""
        if len(names) in self._explained:
            return
        self._explained.add(len(names))
        beta, signs = self._beta, [symbol(name) for name in names]
        if len(names) == 2:
            forms = derivation().two_pieces(signs[0], signs[1], beta)
            quotient, gates, one_gate = map(_text, forms)
            self.steps += [
                Step("the smooth maximum S_beta(g, h)", quotient),
                Step("divide by the exponentials", gates),
                Step("sigmoid(-u) = 1 - sigmoid(u): the two-piece form", one_gate),
            ]
        else:
            joined = template(len(names)).tree.xreplace({symbol("beta"): beta})
            self.steps += [
                Step(f"the smooth maximum S_beta({', '.join(names)})", _text(definition(signs, beta))),
                Step("piece by piece: log(e^a + e^b) = b + softplus(a - b)", _text(joined)),
            ]
        ends = _limits(signs)
        if ends is not None:
            where = f"where {names[0]} is the greatest piece"
            rule = f"its limits for beta -> inf, {where}, and beta -> 0"
            self.steps.append(Step(rule, ", ".join(map(_text, ends))))


def _limits(signs: Sequence[Any]) -> tuple[Any, Any] | None:
    """S_beta for beta -> inf, the first piece being the greatest, and for 0; None where sympy takes long."""
    below = [sympy.Symbol(f"d{i}", positive=True) for i in range(1, len(signs))]
    back = {d: signs[0] - sign for d, sign in zip(below, signs[1:], strict=True)}

    def at(end: Any) -> Any:
        return sympy.expand(limit([sympy.S.Zero, *below], end).subs(TOP, signs[0]).subs(back))

    return limited(LIMIT_SECONDS, lambda: (at(sympy.oo), at(0)), lambda: None)


def _opening(tree: Any) -> str:
    whole = _text(tree)
    if isinstance(tree, sympy.Abs):
        return f"{whole} = {_text(sympy.Max(*pieces(tree), evaluate=False))}"
    if isinstance(tree, sympy.Min):
        negative = ", ".join(_text(-piece) for piece in pieces(tree))
        return f"{whole} = -max({negative}): as a maximum, with -beta for beta"
    return whole


def _text(tree: Any) -> str:
    return text(form(tree))


def _linear(tree: Any) -> tuple[Any, Any] | None:
    """(p1, p2) of max(p1 x, p2 x)."""
    if not isinstance(tree, (sympy.Max, sympy.Abs)):
        return None
    slopes = [sympy.expand(piece / X) for piece in pieces(tree)]
    return (slopes[0], slopes[1]) if len(slopes) == 2 and not any(s.has(X) for s in slopes) else None
