"""How large a writing is, which operators it uses, and which limits that breaks.

The tree that is measured is the writing's: every formula as an operator tree, put together without any
simplification. Sizes add up and operators unite, so the writings of a rule are tallied without being made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from nas.spaces.formulas import template, variables
from nas.spaces.genotype import Genotype, Input, Inside
from nas.spaces.rules import Apply, OneOf, Rule, Within
from nas.symbolic.form import Node


@dataclass(frozen=True)
class Weight:
    """Of a writing: nodes of its tree, operators in it, and whether it has a learnable parameter."""

    nodes: int = 0
    operators: frozenset[str] = frozenset()
    learns: bool = False


@dataclass(frozen=True)
class Limits:
    """Most nodes of a tree, and which operators (values) may not stand inside which (keys)."""

    complexity: int | None = None
    nested: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def none(self) -> bool:
        """Whether anything goes."""
        return self.complexity is None and not self.nested

    def inside(self, *names: str) -> frozenset[str]:
        """Operators that may not stand inside any of `names`."""
        return frozenset().union(*(self.nested.get(name, frozenset()) for name in names))

    def around(self, formula: str, parts: tuple[Weight, ...]) -> Weight | None:
        """The weight of `formula` around parts of these weights; None where that breaks a limit."""
        own = measure(formula, len(parts))
        learns = own.learns or any(part.learns for part in parts)
        if self.none:
            return Weight(learns=learns)
        nodes = own.nodes + sum(times * p.nodes for times, p in zip(own.times, parts, strict=True))
        if self.complexity is not None and nodes > self.complexity:
            return None
        if any(below & self.inside(name) for name, below in own.inside):
            return None
        for above, part in zip(own.above, parts, strict=True):
            if part.operators & self.inside(*above):
                return None
        used = [part.operators for part, times in zip(parts, own.times, strict=True) if times]
        return Weight(nodes, own.operators.union(*used), learns)

    def weigh(self, genotype: Genotype, x: Weight | None = None) -> Weight | None:
        """The weight of a writing, around an x of weight `x`; None where it breaks a limit."""
        if isinstance(genotype, Input):
            return self.x if x is None else x
        if isinstance(genotype, Inside):
            inner = self.weigh(genotype.inner, x)
            return None if inner is None else self.weigh(genotype.outer, inner)
        parts = [weight for part in genotype.parts if (weight := self.weigh(part, x)) is not None]
        return self.around(genotype.formula, tuple(parts)) if len(parts) == len(genotype.parts) else None

    @property
    def x(self) -> Weight:
        """The weight of the variable."""
        return Weight() if self.none else Weight(1)

    def tally(self, rule: Rule, x: Weight | None = None) -> Counter[Weight]:
        """How many writings of `rule` within the limits have each weight."""
        counts: Counter[Weight] = Counter()
        if isinstance(rule, Input):
            counts[self.x if x is None else x] = 1
        elif isinstance(rule, OneOf):
            for option in rule.rules:
                counts.update(self.tally(option, x))
        elif isinstance(rule, Within):
            for weight, many in self.tally(rule.inner, x).items():
                for outer, more in self.tally(rule.outer, weight).items():
                    counts[outer] += many * more
        else:
            self._tally_apply(rule, x, counts)
        return counts

    def _tally_apply(self, rule: Apply, x: Weight | None, counts: Counter[Weight]) -> None:
        for parts in product(*(self.tally(part, x).items() for part in rule.parts)):
            many = 1
            for _, times in parts:
                many *= times
            for formula in rule.formulas:
                weight = self.around(formula, tuple(weight for weight, _ in parts))
                if weight is not None:
                    counts[weight] += many


@dataclass(frozen=True)
class Measure:
    """A formula by itself."""

    nodes: int  #: apart from its variables
    times: tuple[int, ...]  #: how often each variable stands in it
    operators: frozenset[str]
    above: tuple[frozenset[str], ...]  #: operators around each variable
    inside: tuple[tuple[str, frozenset[str]], ...]  #: (operator, operators of the formula inside it)
    learns: bool


@lru_cache(maxsize=4096)
def measure(formula: str, arity: int) -> Measure:
    """What `formula` adds to the weights of its `arity` variables."""
    names = variables(arity)
    expression = template(formula, names)
    above: dict[str, set[str]] = {name: set() for name in names}
    times: Counter[str] = Counter()
    inside: list[tuple[str, frozenset[str]]] = []
    nodes = 0

    def visit(node: Node, around: frozenset[str]) -> frozenset[str]:
        nonlocal nodes
        if node.op == "symbol" and node.value in above:
            times[node.value] += 1
            above[node.value] |= around
            return frozenset()
        nodes += 1
        if not node.args:
            return frozenset()
        below = frozenset().union(*(visit(a, around | {node.op}) for a in node.args))
        inside.append((node.op, below))
        return below | {node.op}

    operators = visit(expression.form, frozenset())
    return Measure(
        nodes,
        tuple(times[n] for n in names),
        operators,
        tuple(frozenset(above[n]) for n in names),
        tuple(inside),
        bool(expression.parameters),
    )
