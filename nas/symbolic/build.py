"""Operator trees back to sympy: what the parser builds, and what makes an expression's text read back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from nas.symbolic.form import Node, flat, fold, form
from nas.symbolic.primitives import PRIMITIVES


def build(name: str, *arguments: Any) -> Any:
    """The sympy tree of a primitive."""
    row = PRIMITIVES[name]
    return row.sympy(*arguments) if row.arity is not None else _extremum(name, frozenset(arguments))


@lru_cache(maxsize=4096)
def _extremum(name: str, arguments: frozenset[Any]) -> Any:
    """What sympy's Max or Min of `arguments` is, in a tenth of the time.

    Sympy asks eight inequalities of each pair of arguments. The sign of their difference decides all, and
    sympy need not be asked for that where numbers show that it changes.
    """
    kind: Any = PRIMITIVES[name].sympy
    sign = 1 if name == "max" else -1
    if any(a.is_number and not a.is_comparable for a in arguments):
        return kind(*arguments)
    flat = {p for a in arguments for p in (a.args if a.func is kind else (a,))}
    kept: list[Any] = []
    for piece in kind._collapse_arguments(list(sympy.ordered(flat))):
        if piece is kind.identity:
            continue
        signs = [None if _cross(piece, other) else _sign(sign * (piece - other)) for other in kept]
        if all(s is None or s > 0 for s in signs):
            kept = [*(other for other, s in zip(kept, signs, strict=True) if s is None), piece]
    return kept[0] if len(kept) == 1 else kind(*kept, evaluate=False)


def _sign(difference: Any) -> int | None:
    """1 where it is positive or 0 for every x, -1 where it is negative or 0, None where sympy cannot say.

    To factor what has a max or min in it takes long and tells nothing more.
    """
    found = _plain_sign(difference)
    if found is not None or difference.has(sympy.Max, sympy.Min):
        return found
    return _plain_sign(sympy.factor_terms(difference))


def _plain_sign(tree: Any) -> int | None:
    if tree.is_extended_nonnegative:
        return 1
    return -1 if tree.is_extended_nonpositive else None


def _cross(a: Any, b: Any) -> bool:
    """Whether a > b at one of some irregular points and a < b at another, by more than rounding."""
    first, second = _samples(a), _samples(b)
    with np.errstate(all="ignore"):
        difference = (first - second) / (np.abs(first) + np.abs(second) + 1e-9)
    return bool((difference > 1e-6).any() and (difference < -1e-6).any())


@lru_cache(maxsize=4096)
def _samples(tree: Any) -> Any:
    """Values at those points, where all symbols differ, NaN and infinities included."""
    grid = np.array([-7.31, 0.213, -1.93, 9.17, 0.617, -0.131, 2.39, -0.61, 0.0173, -23.9])

    def leaf(node: Node) -> Any:
        shift = int.from_bytes(node.value.encode()) if node.op == "symbol" else 0
        return np.roll(grid, shift % len(grid)) if node.op == "symbol" else float(node.value)

    with np.errstate(all="ignore"):
        return fold(form(tree), leaf, lambda n, arguments: PRIMITIVES[n.op].numpy(*arguments)) + 0 * grid


def rebuild(node: Node, values: Mapping[str, Any] | None = None) -> Any:
    """The sympy tree that the parser makes of the text of `node`; `values` stand in place of symbols."""
    known: dict[Node, Any] = {}
    given = values or {}

    def visit(n: Node) -> Any:
        if n.op == "symbol":
            return given[n.value] if n.value in given else sympy.Symbol(n.value, real=True)
        if n not in known:
            known[n] = build(n.op, *map(visit, flat(n))) if n.args else n.value
        return known[n]

    return visit(node)
