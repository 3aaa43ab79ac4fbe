"""Expressions as numbers: NumPy in float64, and mpmath at any precision as the reference for all else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
import sympy

from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X, symbol
from nas.symbolic.form import Node, fold, form
from nas.symbolic.primitives import PRIMITIVES

Array = np.ndarray[Any, np.dtype[np.float64]]


def evaluate(expression: Expression, x: Any, parameters: Mapping[str, float] | None = None) -> Array:
    """f(x) in float64, of the shape of x; parameters that are not given stand at their start value."""
    return evaluate_tree(expression.tree, x, _values(expression, parameters))


def evaluate_derivative(
    expression: Expression, x: Any, parameters: Mapping[str, float] | None = None, by: str = "x"
) -> Array:
    """df/dx, or df/dp for a parameter p named by `by`, in float64."""
    tree = derivative(expression.tree, symbol(by))
    return evaluate_tree(tree, x, _values(expression, parameters))


def evaluate_tree(tree: Any, x: Any, values: Mapping[str, Any]) -> Array:
    """A sympy tree in X and named symbols; inf and nan are kept, nothing warns."""
    return evaluate_node(form(tree), x, values)


def evaluate_node(tree: Node, x: Any, values: Mapping[str, Any]) -> Array:
    """An operator tree, as `evaluate_tree`."""
    points = np.asarray(x, dtype=np.float64)
    known = {**values, X.name: points}

    def leaf(node: Node) -> Any:
        return known[node.value] if node.op == "symbol" else np.float64(float(node.value))

    def apply(node: Node, arguments: list[Any]) -> Any:
        return PRIMITIVES[node.op].numpy(*arguments)

    with np.errstate(all="ignore"):
        value = fold(tree, leaf, apply)
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), points.shape))


def evaluate_mpmath(
    expression: Expression,
    x: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    by: str | None = None,
    digits: int = 80,
) -> Any:
    """f(x), or its derivative by the variable named `by`, as an mpmath number of `digits` decimal digits."""
    tree = expression.tree if by is None else derivative(expression.tree, symbol(by))
    with mpmath.workdps(digits):
        known = {name: mpmath.mpf(v) for name, v in _values(expression, parameters).items()}
        known[X.name] = mpmath.mpf(x)

        def leaf(node: Node) -> Any:
            if node.op == "symbol":
                return known[node.value]
            return mpmath.pi() if node.value is sympy.pi else mpmath.mpf(node.value.p) / node.value.q

        def apply(node: Node, arguments: list[Any]) -> Any:
            if any(mpmath.isnan(a) for a in arguments):
                return mpmath.nan
            return PRIMITIVES[node.op].mpmath(*arguments)

        return +fold(form(tree), leaf, apply)


def _values(expression: Expression, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    return {p.name: p.start for p in expression.parameters} | dict(parameters or {})
