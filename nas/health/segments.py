"""A function as pieces that are smooth inside: where max, abs, sign, sqrt, log and division switch.

Every primitive is analytic but for a few that compare, or that end: max(a, b) and choose switch where a = b,
abs(u) and sign(u) where u = 0, sqrt(u), log(u) and 1/u end there. Between two zeros of all these the function
is one analytic tree, in which the comparisons are decided.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import mpmath
import sympy

from nas.health.precise import precise
from nas.health.zeros import waves_resolved, zeros
from nas.symbolic import functions as f
from nas.symbolic.expression import X

_POLE = 1e20  #: what 1/u exceeds where u = 0 to 40 digits
_MOST_BREAKS = 40  #: of more, those nearest to 0 are looked at; each takes about 20 ms


@dataclass(frozen=True)
class Segment:
    """An open interval, and the tree that f equals there; None where f has no real value."""

    low: float
    high: float
    tree: Any


@dataclass(frozen=True)
class Segments:
    """The function on the whole line, or between -window and window where it switches without end."""

    tree: Any
    segments: tuple[Segment, ...]
    breaks: tuple[Any, ...]  #: between the pieces: exact Fractions, or mpmath numbers
    window: float | None

    def edges(self) -> list[tuple[Segment, Any, Any]]:
        """Each segment where f is defined, with the breaks at its ends; None at an end of the line."""
        ends = pairwise([None, *self.breaks, None])
        pairs = zip(self.segments, ends, strict=True)
        return [(segment, left, right) for segment, (left, right) in pairs if segment.tree is not None]

    def defined_at(self, place: Any) -> bool:
        """Whether f has a value at a break."""
        return place is not None and not mpmath.isnan(value_at(self.tree, place))


@lru_cache(maxsize=256)
def segments_of(tree: Any) -> Segments:
    """The pieces of a tree in x alone."""
    found: list[Any] = []
    reach = math.inf
    for switch in _switches(tree):
        places, complete = zeros(switch)
        found += places
        reach = min(reach, math.inf if complete else waves_resolved(switch))
    if len(found) > _MOST_BREAKS:  # keep what is near 0
        kept = sorted(found, key=lambda b: abs(float(b)))[:_MOST_BREAKS]
        reach = min(reach, abs(float(kept[-1])))
    breaks = _distinct(b for b in found if abs(float(b)) < reach)
    edges = [-reach, *map(float, breaks), reach]
    parts = [_piece(tree, low, high) for low, high in pairwise(edges)]
    kept_breaks, kept_parts = [], parts[:1]
    for place, part in zip(breaks, parts[1:], strict=True):
        before = kept_parts[-1]
        if part.tree == before.tree and _seamless(tree, place, part.tree):
            kept_parts[-1] = Segment(before.low, part.high, before.tree)
        else:
            kept_parts.append(part)
            kept_breaks.append(place)
    return Segments(tree, tuple(kept_parts), tuple(kept_breaks), None if math.isinf(reach) else reach)


def _switches(tree: Any) -> list[Any]:
    """The terms at whose zeros the tree may change its course."""
    terms: dict[Any, None] = {}
    for node in sympy.preorder_traversal(tree):
        if isinstance(node, (sympy.Max, sympy.Min)):
            terms.update((a - b, None) for i, a in enumerate(node.args) for b in node.args[:i])
        elif isinstance(node, (sympy.Abs, sympy.sign)):
            terms[node.args[0]] = None
        elif isinstance(node, f.choose):
            terms[node.args[0] - node.args[1]] = None
        elif (end := _end_of(node)) is not None:
            terms[end] = None
    return [t for t in terms if X in t.free_symbols]


def _distinct(places: Iterable[Any]) -> list[Any]:
    """Sorted; of places that only differ by rounding one, an exact one if there is one."""
    kept: list[Any] = []
    for place in sorted(places, key=lambda b: (float(b), not isinstance(b, Fraction))):
        if kept and abs(float(place) - float(kept[-1])) <= 1e-11 * max(abs(float(place)), 1e-3):
            if isinstance(place, Fraction):
                kept[-1] = place
        else:
            kept.append(place)
    return kept


def _piece(tree: Any, low: float, high: float) -> Segment:
    at = inside(low, high)
    return Segment(low, high, None if mpmath.isnan(precise(tree, at)) else resolved(tree, at))


def inside(low: float, high: float) -> float:
    """An irregular point of the interval, not far from its finite end."""
    if math.isinf(low) and math.isinf(high):
        return 0.6180339887498949
    if math.isinf(low):
        return high - 0.7320508075688772 * max(abs(high), 1.0)
    if math.isinf(high):
        return low + 0.7320508075688772 * max(abs(low), 1.0)
    return low + 0.5857864376269049 * (high - low)


def resolved(tree: Any, at: float) -> Any:
    """The tree with every comparison decided as it is at x = `at`."""
    if not tree.args or X not in tree.free_symbols:
        return tree
    arguments = [resolved(a, at) for a in tree.args]
    if isinstance(tree, (sympy.Max, sympy.Min)):
        return (max if isinstance(tree, sympy.Max) else min)(arguments, key=lambda a: precise(a, at))
    if isinstance(tree, (sympy.Abs, sympy.sign)):
        side = sympy.Integer(int(mpmath.sign(precise(arguments[0], at))))
        return side * arguments[0] if isinstance(tree, sympy.Abs) else side
    if isinstance(tree, f.choose):
        return arguments[2] if precise(arguments[0], at) > precise(arguments[1], at) else arguments[3]
    return tree.func(*arguments)


def value_at(tree: Any, place: Any) -> Any:
    """The tree at a break; at one that is not exact, what is next to a pole has no value, next to 0 is 0."""
    value = precise(tree, place)
    if isinstance(place, Fraction) or mpmath.isnan(value):
        return value
    return mpmath.nan if abs(value) > _POLE else value if abs(value) > 1 / _POLE else mpmath.mpf(0)


def _seamless(tree: Any, place: Any, piece: Any) -> bool:
    """Whether f goes through the place as the piece on both sides of it does, without an end inside it."""
    for node in sympy.preorder_traversal(piece):
        term = _end_of(node)
        if term is not None and X in term.free_symbols and not abs(precise(term, place)) > 1 / _POLE:
            return False
    value, expected = precise(tree, place), precise(piece, place)
    return bool(abs(value - expected) <= mpmath.mpf(10) ** -30 * (1 + abs(expected)))


def _end_of(node: Any) -> Any | None:
    """What must not be 0 where the node is to be analytic."""
    if isinstance(node, (f.sqrt, f.log)):
        return node.args[0]
    if isinstance(node, f.log1p):
        return 1 + node.args[0]
    return node.base if node.is_Pow and node.exp.is_Rational and node.exp < 0 else None
