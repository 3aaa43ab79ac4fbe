"""What an update rule may look at: the one table of operands, and the words that write them.

An operand stands in a formula by its name, or with its number: `m` or `m(0.9)`, `restarts(10)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import sympy

from nas.errors import ExpressionError
from nas.registry import Table, did_you_mean
from nas.symbolic.form import decimal
from nas.symbolic.primitives import PRIMITIVES
from nas.symbolic.tokens import Token, shown, unreadable, words

LARGEST_COUNT = 1000  #: cycles of a schedule
_MOST_DIGITS = 12  #: of a decay; what is written reads back

#: functions of the table of primitives that have a C form and one in torch's own operations
FUNCTIONS = tuple(
    row.name
    for row in PRIMITIVES.values()
    if row.symbol is None and row.typed and row.c is not None and row.torch.startswith(("torch.", "F."))
)


@dataclass(frozen=True)
class Operand:
    """One thing that a rule may read at each step; all but the schedules are one number a parameter.

    average   the power of g that it averages, as b old + (1 - b) g^average from 0; 0 where it keeps none
    reads     which value of that average: after this step's gradient, before it, or after it and divided by
              1 - b^t, which makes up for the start from 0
    usual     the decay, or number of cycles, where none is written; None where the operand takes no number
    schedule  f(share, number) of the share of all steps that is done, from 0 up to but not including 1
    stands    the formula that it is short for
    """

    name: str
    formula: str
    meaning: str
    source: str
    average: int = 0
    reads: Literal["after", "before", "corrected"] = "after"
    usual: Fraction | None = None
    schedule: Callable[[Any, float], Any] | None = None
    stands: str | None = None


def _linear(share: Any, _: float) -> Any:
    return 1 - share


def _cosine(share: Any, _: float) -> Any:
    return (1 + np.cos(np.pi * share)) / 2


def _cyclical(share: Any, cycles: float) -> Any:
    return (1 + np.cos(2 * np.pi * cycles * share)) / 2


def _restarts(share: Any, cycles: float) -> Any:
    return (1 + np.cos(np.pi * np.mod(cycles * share, 1))) / 2


_FIRST, _SECOND = Fraction(9, 10), Fraction(999, 1000)

OPERANDS = Table(
    "operand",
    [
        Operand("g", "g", "the gradient, of the mean loss over the batch", "Bello2017"),
        Operand("m", "m = b m + (1 - b) g", "average of g", "Bello2017", 1, usual=_FIRST),
        Operand("v", "v = b v + (1 - b) g^2", "average of g^2", "Bello2017", 2, usual=_SECOND),
        Operand("c", "c = b c + (1 - b) g^3", "average of g^3", "Bello2017", 3, usual=_SECOND),
        Operand(
            "mhat", "m/(1 - b^t)", "m made up for its start at 0", "KingmaBa2014", 1, "corrected", _FIRST
        ),
        Operand(
            "vhat", "v/(1 - b^t)", "v made up for its start at 0", "KingmaBa2014", 2, "corrected", _SECOND
        ),
        Operand("last_m", "m before this step", "average of the earlier g", "Chen2023", 1, "before", _FIRST),
        Operand("w", "w", "the parameter itself", "Bello2017"),
        Operand("t", "1, 2, 3, …", "number of the step", "KingmaBa2014"),
        Operand("linear", "1 - s/T", "schedule from 1 to 0", "Bello2017", schedule=_linear),
        Operand("cosine", "(1 + cos(pi s/T))/2", "schedule from 1 to 0", "Bello2017", schedule=_cosine),
        Operand(
            "cyclical",
            "(1 + cos(2 pi n s/T))/2",
            "n whole waves between 1 and 0",
            "Bello2017",
            usual=Fraction(10),
            schedule=_cyclical,
        ),
        Operand(
            "restarts",
            "(1 + cos(pi (n s mod T)/T))/2",
            "n times from 1 to 0",
            "Bello2017",
            usual=Fraction(10),
            schedule=_restarts,
        ),
        Operand(
            "adam",
            "mhat/(sqrt(vhat) + 1e-8)",
            "Adam's direction",
            "KingmaBa2014",
            stands="mhat/(sqrt(vhat) + 1e-8)",
        ),
        Operand(
            "rmsprop",
            "g/(sqrt(v(0.99)) + 1e-8)",
            "RMSprop's direction",
            "TielemanHinton2012",
            stands="g/(sqrt(v(0.99)) + 1e-8)",
        ),
    ],
    ExpressionError,
)


@dataclass(frozen=True, order=True)
class State:
    """An average that a rule keeps for each parameter: s = decay s + (1 - decay) g^power, from 0."""

    power: int
    decay: Fraction

    @cached_property
    def text(self) -> str:
        """As the formula writes it: `v(0.99)`."""
        operand = next(row for row in OPERANDS.values() if row.average == self.power)
        return Leaf(operand, self.decay).text


@dataclass(frozen=True)
class Leaf:
    """An operand with its number."""

    operand: Operand
    number: Fraction | None = None

    @cached_property
    def text(self) -> str:
        """As it stands in a formula; the number only where it is not the usual one."""
        if self.number is None or self.number == self.operand.usual:
            return self.operand.name
        return f"{self.operand.name}({written(self.number)})"

    @property
    def state(self) -> State | None:
        """The average that it reads."""
        return State(self.operand.average, self.number) if self.operand.average and self.number else None

    @property
    def varies(self) -> bool:
        """Whether it is a number of the step alone, the same for every parameter."""
        return self.operand.schedule is not None or self.operand.name == "t"

    def scalar(self, step: Any, steps: Any) -> Any:
        """Its value at `step` (from 1) of `steps`, or what its average is multiplied by; else 1."""
        if self.operand.schedule is not None:
            share = np.minimum((step - 1) / steps, 1.0)
            return self.operand.schedule(share, float(self.number or 1))
        if self.operand.name == "t":
            return step
        if self.operand.reads == "corrected" and self.number is not None:
            return -1 / np.expm1(step * np.log(float(self.number)))
        return 1.0


def written(number: Fraction) -> str | None:
    """A decimal, None where it would be long."""
    return decimal(sympy.Rational(number.numerator, number.denominator))


@lru_cache(maxsize=1024)
def leaf(text: str) -> Leaf:
    """The leaf that `Leaf.text` writes so."""
    name, _, number = text.rstrip(")").partition("(")
    operand = OPERANDS.find(name)
    return Leaf(operand, Fraction(number) if number else operand.usual)


def operand_words(text: str) -> list[Token]:
    """The words of `text`, each operand with its number as one word. Raises ExpressionError."""
    return list(_joined(text, words(text)))


def _joined(text: str, tokens: Sequence[Token]) -> Iterator[Token]:
    position = 0
    while position < len(tokens):
        token = tokens[position]
        called = tokens[min(position + 1, len(tokens) - 1)].text == "("
        position += 1
        if token.text in ("[", "]"):
            raise unreadable(
                text, token.position, f"unexpected {token.text!r}", "a rule learns no parameters"
            )
        if token.kind != "name" or token.text == "pi" or (called and token.text in FUNCTIONS):
            yield token
            continue
        operand = _operand(text, token)
        number = None
        if called:
            number = _number(text, operand, tokens[position : position + 3])
            position += 3
        if operand.stands is not None:
            inside = (replace(word, position=token.position) for word in words(f"({operand.stands})")[:-1])
            yield from _joined(text, list(inside))
        else:
            yield Token("name", Leaf(operand, number or operand.usual).text, token.position)


def _operand(text: str, token: Token) -> Operand:
    name = token.text
    if name in OPERANDS:
        return OPERANDS[name]
    if name in FUNCTIONS:
        raise unreadable(text, token.position, f"the function {name} needs brackets", f"write {name}(g)")
    near = did_you_mean(name[:40], [*OPERANDS, *FUNCTIONS])
    cure = near or f"operands are {', '.join(OPERANDS)}; functions are {', '.join(FUNCTIONS)}"
    raise unreadable(text, token.position, f"unknown name {shown(name)}", cure)


def _number(text: str, operand: Operand, tokens: Sequence[Token]) -> Fraction:
    """What `(0.9)` behind an operand says: a decay between 0 and 1, or a number of cycles."""
    where, name = tokens[0].position, operand.name
    if operand.usual is None:
        cure = "is an operator such as * missing?"
        raise unreadable(text, where, f"{name} takes no number", cure)
    cure = f"write {name}({float(operand.usual):g})"
    if [t.kind if t.kind == "number" else t.text for t in tokens] != ["(", "number", ")"]:
        raise unreadable(text, where, f"{name} takes one number", cure)
    digits = tokens[1].text
    mantissa, _, exponent = digits.lower().partition("e")
    if len(mantissa) > _MOST_DIGITS or len(exponent) > 3:  # written out it would be as long as it likes
        raise unreadable(text, tokens[1].position, "a number is too long", cure)
    number = Fraction(digits)
    if operand.schedule is not None and not 0 < number <= LARGEST_COUNT:
        problem = f"the cycles of {name} must be more than 0, at most {LARGEST_COUNT}"
        raise unreadable(text, tokens[1].position, problem, cure)
    if operand.average and not 0 < number < 1:
        raise unreadable(text, tokens[1].position, f"the decay of {name} must be between 0 and 1", cure)
    if written(number) is None:
        raise unreadable(text, tokens[1].position, "a number is too long", cure)
    return number
