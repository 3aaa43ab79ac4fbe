"""Expression to source, for torch or C: straight-line code, each shared subexpression once.

The source is assembled from the templates of the table of primitives and from numbers and parameter names
that the parser has checked; no text of a user's reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nas.errors import ExpressionError
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X, symbol
from nas.symbolic.form import Node, fold, form
from nas.symbolic.prelude import FLOAT_CALL, Real
from nas.symbolic.primitives import PRIMITIVES
from nas.symbolic.rewrite import stabilize

_SECH = "sech"  #: 1/cosh, which the table of primitives does not have


class NoCForm(ExpressionError):
    """A primitive that the compiled loop does not know."""


class Language(Protocol):
    """What differs between the two."""

    def template(self, name: str) -> str:
        """The template of the primitive called `name`."""

    def literal(self, value: float) -> str:
        """A number."""

    def assignment(self, name: str, value: str) -> str:
        """A line that gives `value` a name."""

    def bounded(self, name: str, value: str, bound: str) -> str:
        """max or min of `value` and a number."""

    def quotient(self, node: Node) -> Node:
        """What is written in the place of a division."""


class Torch:
    """Operations on whole tensors, in Python."""

    def template(self, name: str) -> str:
        """A call of torch."""
        return PRIMITIVES[name].torch

    def literal(self, value: float) -> str:
        """Exact to the last bit of float64."""
        return repr(value)

    def assignment(self, name: str, value: str) -> str:
        """Python."""
        return f"{name} = {value}"

    def bounded(self, name: str, value: str, bound: str) -> str:
        """A clamp."""
        return f"torch.clamp({value}, {'min' if name == 'max' else 'max'}={bound})"

    def quotient(self, node: Node) -> Node:
        """The division."""
        return node


@dataclass(frozen=True)
class C:
    """Operations on one number."""

    real: Real = "float"

    def template(self, name: str) -> str:
        """C99's math library, or a function of `nas.symbolic.prelude`. Raises NoCForm."""
        if name == _SECH:
            return "sech_({0})"
        code = PRIMITIVES[name].c
        if code is None:
            raise NoCForm("this primitive has no C form", got=name)
        return code if self.real == "float" else FLOAT_CALL.sub(r"\1(", code)

    def literal(self, value: float) -> str:
        """The nearest number of the type, infinite beyond its range."""
        return f"({value!r}f)" if self.real == "float" else f"({value!r})"

    def assignment(self, name: str, value: str) -> str:
        """A constant."""
        return f"const {self.real} {name} = {value};"

    def bounded(self, name: str, value: str, bound: str) -> str:
        """As of two variables."""
        return self.template(name).format(value, bound)

    def quotient(self, node: Node) -> Node:
        """a / cosh(u)^n as a sech(u)^n: the slope of tanh by the exp that tanh has taken already."""
        above, below = node.args
        power = int(below.args[1].value) if below.op == "pow" else 1
        base = below.args[0] if below.op == "pow" else below
        if base.op != "cosh":
            return node
        return Node("mul", (above, _powered(Node(_SECH, base.args), power)))


def value_tree(expression: Expression) -> list[Any]:
    """[f]."""
    return [expression.tree]


def slope_trees(expression: Expression) -> list[Any]:
    """[df/dx, df/dp for each parameter]."""
    variables = [X, *(symbol(p.name) for p in expression.parameters)]
    return [stabilize(derivative(expression.tree, v)) for v in variables]


def straight_line(trees: Sequence[Any], language: Language) -> tuple[list[str], list[str]]:
    """(lines, names of the results) that compute `trees` from their symbols."""
    writer = _Writer(language)
    results = [writer.write(form(tree)) for tree in trees]
    return writer.lines, results


class _Writer:
    """Names each distinct node once, in the order of need."""

    def __init__(self, language: Language) -> None:
        self.lines: list[str] = []
        self._language = language
        self._known: dict[Node, str] = {}

    def write(self, node: Node) -> str:
        if not node.symbols:
            return self._language.literal(_value(node))
        if node.op == "symbol":
            return str(node.value)
        if node not in self._known:
            line = self._operation(node)
            self._known[node] = f"t{len(self._known)}"
            self.lines.append(self._language.assignment(self._known[node], line))
        return self._known[node]

    def _operation(self, node: Node) -> str:
        if node.op == "div":
            node = self._language.quotient(node)
        if node.op == "pow":
            return self._power(node)
        if node.op == "sub" and (turned := self._known.get(Node("sub", node.args[::-1]))) is not None:
            return f"-{turned}"  # so that a compiler sees what sigmoid(b - a) shares with sigmoid(a - b)
        if node.op in ("max", "min") and not node.args[1].symbols:
            return self._language.bounded(node.op, *map(self.write, node.args))
        return self._language.template(node.op).format(*map(self.write, node.args))

    def _power(self, node: Node) -> str:
        """u^n by repeated squaring: a library's pow costs tens of multiplications and is less exact."""
        base, exponent = node.args[0], int(node.args[1].value)
        if exponent == 1:
            return self.write(base)
        half = self.write(_powered(base, exponent // 2))
        return f"{half} * {half}" + (f" * {self.write(base)}" if exponent % 2 else "")


def _powered(base: Node, exponent: int) -> Node:
    return base if exponent == 1 else Node("pow", (base, Node("number", value=exponent)))


def _value(node: Node) -> float:
    """A subtree without variables, in float64."""
    return float(
        fold(node, lambda n: float(n.value), lambda n, arguments: PRIMITIVES[n.op].numpy(*arguments))
    )
