"""`Rule`: the direction of an update as an expression of the operands, w <- w - lr u(g, averages, w, t)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from nas.errors import ExpressionError
from nas.rules.language import OPERANDS, Leaf, State, leaf, operand_words
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse_words


@dataclass(frozen=True)
class Rule:
    """u(g, averages, w, t), and the averages it keeps. Two are equal when their canonical forms are.

    Make one with `read`. Every average starts at 0 and takes in the gradient before u is computed.
    """

    expression: Expression

    @property
    def text(self) -> str:
        """The formula; it reads back to an equal rule."""
        return self.expression.short

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The operands in it, each with its number, in the order of their names."""
        return tuple(leaf(name) for name in sorted(self.expression.form.symbols))

    @cached_property
    def states(self) -> tuple[State, ...]:
        """The averages that it keeps: each is one number a parameter."""
        return tuple(sorted({row.state for row in self.leaves if row.state is not None}))

    @property
    def scheduled(self) -> bool:
        """Whether it must know how many steps there will be."""
        return any(row.operand.schedule is not None for row in self.leaves)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def read(text: str) -> Rule:
    """The rule that `text` writes, such as `exp(sign(g)*sign(m))*g`.

    Raises:
        ExpressionError: `text` is no formula of the operands, too long or too deep, or has no real value.
    """
    tokens = operand_words(text)
    if not text.strip():
        raise ExpressionError("an update rule needs a formula", cure="write one such as g or m/sqrt(v)")
    operands = {t.text for t in tokens if t.kind == "name" and t.text.partition("(")[0] in OPERANDS}
    return Rule(parse_words(text, tokens, tuple(operands)))
