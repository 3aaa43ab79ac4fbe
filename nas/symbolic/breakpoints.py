"""Where a function may bend, jump, blow up or turn sharply, read off its operator tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nas.symbolic.expression import Expression, X
from nas.symbolic.form import Node
from nas.symbolic.numeric import Array, evaluate_node

_MOST = 60  #: of them; more belong to a function that oscillates, which needs no splitting

_HALVINGS = 55
_GOLDEN = (3 - 5**0.5) / 2


def breakpoints(expression: Expression, low: float, high: float) -> Array:
    """The x between `low` and `high` where what decides a function's course vanishes or is least, sorted.

    What decides: the difference of the arguments of max and min, the arguments of the functions, and
    denominators. Where such a term changes sign or has a local minimum of its absolute value, f may have a
    kink, a jump, a pole or a steep place. Zeros closer than the grid that is searched may be missed: it has
    2,000 even points and 300 that close in on 0.
    """
    values = {p.name: p.start for p in expression.parameters}
    close = np.logspace(-12, 0, 150) * max(abs(low), abs(high)) / 40
    grid = np.unique(np.concatenate([np.linspace(low, high, 2001), close, -close, [0.0]]))
    grid = grid[(grid >= low) & (grid <= high)]
    found = [_least(node, grid, values) for node in _deciding(expression.form)]
    points = np.unique(np.concatenate([[0.0], *found]))
    points = points[np.concatenate([[True], np.diff(points) > 1e-12 * (1 + np.abs(points[1:]))])]
    return np.sort(points[np.argsort(np.abs(points), kind="stable")][:_MOST])


def _deciding(tree: Node) -> list[Node]:
    """The terms whose zeros and least absolute values matter, each once."""
    terms: dict[Node, None] = {}
    for node in tree.walk():
        if node.op in ("max", "min"):
            terms[Node("sub", node.args)] = None
        elif node.op == "div":
            terms[node.args[1]] = None
        elif node.op == "log1p":
            terms[node.args[0]] = None
            terms[Node("add", (node.args[0], Node("number", value=1)))] = None
        elif node.op not in ("neg", "add", "sub", "mul", "pow", "symbol", "number"):
            terms.update(dict.fromkeys(node.args))
    return [t for t in terms if X.name in t.symbols]


def _least(node: Node, grid: Array, values: Mapping[str, Any]) -> Array:
    """Zeros and local minima of |u| between the points of `grid`, for the term u."""

    def size(x: Array) -> Array:
        return np.abs(evaluate_node(node, x, values))

    signed = evaluate_node(node, grid, values)
    crossing = np.flatnonzero(np.sign(signed[:-1]) * np.sign(signed[1:]) < 0)
    left, right, sign = grid[crossing], grid[crossing + 1], np.sign(signed[crossing])
    for _ in range(_HALVINGS if len(left) else 0):
        middle = left + (right - left) / 2
        before = np.sign(evaluate_node(node, middle, values)) == sign
        left, right = np.where(before, middle, left), np.where(before, right, middle)
    at_grid = grid[signed == 0]
    if len(at_grid) > _MOST:  # a term that is 0 on an interval: only its ends matter
        zero = np.concatenate([[False], signed == 0, [False]])
        at_grid = grid[(signed == 0) & ~(zero[:-2] & zero[2:])]
    sizes = np.abs(signed)
    dip = 1 + np.flatnonzero((sizes[1:-1] < sizes[:-2]) & (sizes[1:-1] < sizes[2:]) & (sizes[1:-1] > 0))
    dip = dip[~np.isin(dip, crossing) & ~np.isin(dip - 1, crossing)]
    return np.concatenate([right, at_grid, _minima(size, grid[dip - 1], grid[dip + 1])])


def _minima(size: Any, left: Array, right: Array) -> Array:
    """Minimum of `size` in each interval by golden sections."""
    if not len(left):
        return left
    a, b = left + _GOLDEN * (right - left), right - _GOLDEN * (right - left)
    for _ in range(_HALVINGS):
        lower = size(a) < size(b)
        left, right = np.where(lower, left, a), np.where(lower, b, right)
        a, b = left + _GOLDEN * (right - left), right - _GOLDEN * (right - left)
    return left + (right - left) / 2
