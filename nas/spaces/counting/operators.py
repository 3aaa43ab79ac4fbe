"""Formulas as chains of array operations, in float64 or float32, and where their parameters stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nas.spaces.formulas import template, variables
from nas.symbolic.expression import Parameter
from nas.symbolic.form import Node, fold
from nas.symbolic.primitives import PRIMITIVES

Array = np.ndarray[Any, np.dtype[Any]]

#: where every parameter stands, unless it is the one that is moved
BASE = 0.8317


def moved(parameter: Parameter) -> float:
    """Where a parameter is moved to: two that start apart are not one, so this depends on the start."""
    return 1.2193 + 0.5 * parameter.start / (1 + abs(parameter.start))


@dataclass(frozen=True)
class Operator:
    """A formula of `arity` variables: `steps` of (function, places of its arguments), the last one its value.

    The places count the variables, the `parameters` and the `constants` first, then the steps.
    """

    arity: int
    parameters: tuple[Parameter, ...]
    constants: tuple[float, ...]
    steps: tuple[tuple[Callable[..., Array], tuple[int, ...]], ...]
    result: int

    def __call__(self, parts: Sequence[Array], parameters: Sequence[Array | float]) -> Array:
        """The values around `parts`, of their shape."""
        values: list[Any] = [*parts, *parameters, *self.constants]
        for function, places in self.steps:
            values.append(function(*(values[place] for place in places)))
        return np.broadcast_to(np.asarray(values[self.result], parts[0].dtype), parts[0].shape)


@lru_cache(maxsize=4096)
def operator(formula: str, arity: int, exact: bool) -> Operator:
    """`formula` compiled; `exact` makes a division by 0 undefined, where floating point says infinite."""
    names = variables(arity)
    expression = template(formula, names)
    leaves = [*names, *(p.name for p in expression.parameters)]
    constants = list(dict.fromkeys(_constants(expression.form)))
    steps: list[tuple[Callable[..., Array], tuple[int, ...]]] = []
    known: dict[Node, int] = {}

    def place(node: Node) -> int:
        if node not in known:
            if node.op == "symbol":
                known[node] = leaves.index(node.value)
            elif not node.symbols:
                known[node] = len(leaves) + constants.index(_value(node))
            else:
                arguments = tuple(map(place, node.args))
                function = _EXACT.get(node.op) if exact else None
                steps.append((function or PRIMITIVES[node.op].numpy, arguments))
                known[node] = len(leaves) + len(constants) + len(steps) - 1
        return known[node]

    result = place(expression.form)
    return Operator(arity, expression.parameters, tuple(constants), tuple(steps), result)


def _constants(node: Node) -> list[float]:
    if not node.symbols:
        return [_value(node)]
    return [value for argument in node.args for value in _constants(argument)]


def _value(node: Node) -> float:
    """A subtree without variables; a Python number takes on the type of the arrays around it."""
    number = fold(node, lambda n: float(n.value), lambda n, arguments: PRIMITIVES[n.op].numpy(*arguments))
    return float(number)


def _divide(a: Array, b: Array) -> Array:
    return np.divide(a, np.where(b == 0, np.nan, b))


def _power(a: Array, b: Array) -> Array:
    return np.power(np.where((a == 0) & (b < 0), np.nan, a), b)


_EXACT: dict[str, Callable[..., Array]] = {"div": _divide, "power": _power}
