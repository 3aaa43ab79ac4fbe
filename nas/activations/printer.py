"""Expression to torch source: straight-line code of forward and backward, each shared subexpression once.

The source is assembled from the templates of the table of primitives and from numbers and parameter names
that the parser has checked; no text of a user's reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X, symbol
from nas.symbolic.form import Node, fold, form
from nas.symbolic.primitives import PRIMITIVES
from nas.symbolic.rewrite import stabilize


def forward_source(expression: Expression) -> str:
    """`def forward(x, *parameters)`: f(x)."""
    return _function("forward", _names(expression), [expression.tree])


def backward_source(expression: Expression) -> str:
    """`def backward(x, *parameters)`: df/dx and df/dp for each parameter, as a tuple."""
    variables = [X, *(symbol(p.name) for p in expression.parameters)]
    slopes = [stabilize(derivative(expression.tree, v)) for v in variables]
    return _function("backward", _names(expression), slopes)


def _names(expression: Expression) -> list[str]:
    return [X.name, *(p.name for p in expression.parameters)]


def _function(name: str, arguments: Sequence[str], trees: Sequence[Any]) -> str:
    writer = _Writer()
    results = [writer.write(form(tree)) for tree in trees]
    body = [f"    {line}" for line in writer.lines]
    return "\n".join([f"def {name}({', '.join(arguments)}):", *body, f"    return {', '.join(results)},", ""])


class _Writer:
    """Names each distinct node once, in the order of need."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._known: dict[Node, str] = {}

    def write(self, node: Node) -> str:
        if not node.symbols:
            return _constant(node)
        if node.op == "symbol":
            return str(node.value)
        if node not in self._known:
            line = self._operation(node)
            self._known[node] = f"t{len(self._known)}"
            self.lines.append(f"{self._known[node]} = {line}")
        return self._known[node]

    def _operation(self, node: Node) -> str:
        special = {"pow": self._power, "max": self._extremum, "min": self._extremum}
        if node.op in special:
            return special[node.op](node)
        return PRIMITIVES[node.op].torch.format(*map(self.write, node.args))

    def _power(self, node: Node) -> str:
        """Small powers by multiplication: torch.pow costs tens of them and is less exact."""
        base, exponent = node.args[0], int(node.args[1].value)
        if exponent == 2:
            return f"torch.square({self.write(base)})"
        if exponent > 8:
            return f"torch.pow({self.write(base)}, {exponent})"
        half = self.write(Node("pow", (base, Node("number", value=exponent // 2)))) if exponent > 3 else None
        if half is None:
            square = self.write(Node("pow", (base, Node("number", value=2))))
            return f"{square} * {self.write(base)}"
        return f"{half} * {half}" + (f" * {self.write(base)}" if exponent % 2 else "")

    def _extremum(self, node: Node) -> str:
        """A bound that is a number becomes a clamp."""
        value, bound = node.args
        if bound.symbols:
            return PRIMITIVES[node.op].torch.format(self.write(value), self.write(bound))
        limit = "min" if node.op == "max" else "max"
        return f"torch.clamp({self.write(value)}, {limit}={_constant(bound)})"


def _constant(node: Node) -> str:
    """The float64 literal of a subtree without variables."""
    value = fold(node, lambda n: float(n.value), lambda n, arguments: PRIMITIVES[n.op].numpy(*arguments))
    return repr(float(value))
