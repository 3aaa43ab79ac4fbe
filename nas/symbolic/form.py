"""The operator tree of an expression: what a person would write, and what every back end walks.

Sympy keeps x - y as x + (-1) y and x / y as x y^-1. `form` turns a sympy tree into the operators of the
table of primitives (neg, add, sub, mul, div, pow and the functions), so text, complexity, NumPy, mpmath and
torch agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from typing import Any, TypeVar

import sympy

from nas.errors import ExpressionError
from nas.symbolic.primitives import BY_CLASS, PRIMITIVES

V = TypeVar("V")

#: rationals up to this many decimal digits are written as decimals, others as quotients
DECIMAL_DIGITS = 12


@dataclass(frozen=True, eq=False)
class Node:
    """An operator with its arguments, or a leaf: op "number" (a sympy number) or "symbol" (a name)."""

    op: str
    args: tuple[Node, ...] = ()
    value: Any = None

    @cached_property
    def key(self) -> str:
        """A text that is equal for equal trees."""
        if not self.args:
            return str(self.value)
        return f"{self.op}({','.join(a.key for a in self.args)})"

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Names of the variables and parameters below."""
        if self.op == "symbol":
            return frozenset([self.value])
        return frozenset().union(*(a.symbols for a in self.args))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def walk(self) -> Iterator[Node]:
        """Every node, arguments first; a subtree that occurs twice is met twice."""
        for argument in self.args:
            yield from argument.walk()
        yield self


def fold(node: Node, leaf: Callable[[Node], V], apply: Callable[[Node, list[V]], V]) -> V:
    """Value of `node` from its leaves up; equal subtrees are computed once."""
    known: dict[Node, V] = {}

    def visit(n: Node) -> V:
        if n not in known:
            known[n] = apply(n, [visit(a) for a in n.args]) if n.args else leaf(n)
        return known[n]

    return visit(node)


@lru_cache(maxsize=4096)
def form(tree: Any) -> Node:
    """The operator tree of a sympy tree. Raises ExpressionError for a node that has no row in the table."""
    if tree.is_Symbol:
        return Node("symbol", value=tree.name)
    if tree.is_Rational:
        return _rational(tree)
    if tree is sympy.pi:
        return Node("number", value=tree)
    if tree is sympy.E:
        return Node("exp", (number(1),))
    if tree.is_Add:
        return _sum(tree)
    if tree.is_Mul:
        return _product(tree)
    if tree.is_Pow and tree.base is not sympy.E:
        return _power(tree.base, tree.exp)
    return _call(tree)


def number(value: Any) -> Node:
    """A leaf for a nonnegative number."""
    return Node("number", value=sympy.sympify(value))


def decimal(value: Any) -> str | None:
    """A rational as an exact decimal of at most DECIMAL_DIGITS digits, or None where it has none."""
    q, places = int(value.q), 0
    scaled = value
    while scaled.q != 1:
        scaled, places = scaled * 10, places + 1
        if places > 40 or (q % 2 and q % 5):
            return None
    digits = str(abs(int(scaled)))
    if len(digits.strip("0")) > DECIMAL_DIGITS:
        return None
    if places > 4 and len(digits) <= places - 3:
        mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
        return f"{mantissa}e-{places - len(digits) + 1}"
    if places == 0:
        stripped = digits.rstrip("0")
        return f"{stripped}e{len(digits) - len(stripped)}" if len(digits) - len(stripped) > 6 else digits
    digits = digits.rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def _rational(value: Any) -> Node:
    if value < 0:
        return Node("neg", (_rational(-value),))
    if value.is_Integer or decimal(value) is not None:
        return number(value)
    return Node("div", (number(value.p), number(value.q)))


def _call(tree: Any) -> Node:
    row = BY_CLASS.get(tree.func)
    if row is None:
        raise ExpressionError("the formula has no real value everywhere", got=tree)
    arguments = [form(a) for a in tree.args]
    if row.arity is None:  # max and min: what varies first, nested to two at a time
        arguments.sort(key=lambda n: not n.symbols)
        return reduce(lambda a, b: Node(row.name, (a, b)), arguments)
    return Node(row.name, tuple(arguments))


def _sum(tree: Any) -> Node:
    terms = tree.as_ordered_terms()
    terms = [t for t in terms if not _negative(t)] + [t for t in terms if _negative(t)]
    total = form(terms[0])
    for term in terms[1:]:
        total = Node("sub", (total, form(-term))) if _negative(term) else Node("add", (total, form(term)))
    return total


def _negative(term: Any) -> bool:
    coefficient, _ = term.as_coeff_Mul()
    return bool(coefficient.is_Rational and coefficient < 0)


def _product(tree: Any) -> Node:
    coefficient, rest = tree.as_coeff_Mul()
    if coefficient < 0:
        return Node("neg", (form(-tree),))
    above, below = [], []
    for factor in sympy.Mul.make_args(rest):
        base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, sympy.S.One)
        if factor.is_Pow and exponent.is_Rational and exponent < 0:
            below.append(base ** (-exponent))
        else:
            above.append(factor)
    above.sort(key=lambda a: not a.is_number)  # 0.5*sqrt(2)*x: one multiplication once the numbers are folded
    above_nodes, below_nodes = [form(a) for a in above], [form(b) for b in below]
    if coefficient.is_Integer or decimal(coefficient) is not None:
        above_nodes = ([number(coefficient)] if coefficient != 1 else []) + above_nodes
    else:
        above_nodes = ([number(coefficient.p)] if coefficient.p != 1 else []) + above_nodes
        below_nodes = [number(coefficient.q), *below_nodes]
    numerator = reduce(lambda a, b: Node("mul", (a, b)), above_nodes or [number(1)])
    if not below_nodes:
        return numerator
    return Node("div", (numerator, reduce(lambda a, b: Node("mul", (a, b)), below_nodes)))


def _power(base: Any, exponent: Any) -> Node:
    if exponent.is_Rational and exponent < 0:
        return Node("div", (number(1), form(base ** (-exponent))))
    if exponent.is_Integer:
        return Node("pow", (form(base), number(exponent)))
    if exponent.is_Rational and exponent.q == 2:
        root = Node("sqrt", (form(base),))
        return root if exponent == sympy.S.Half else Node("pow", (root, number(exponent.p)))
    raise ExpressionError("an exponent must be a whole number or a half of one", got=exponent)


_LEVEL = {"add": 1, "sub": 1, "neg": 2, "mul": 3, "div": 3, "pow": 4}


def text(node: Node, symbol: Callable[[str], str] = str) -> str:
    """The formula as a person types it, with as few brackets as read back; `symbol` writes a name."""

    def write(n: Node, level: int) -> str:
        if n.op == "symbol":
            return symbol(n.value)
        if n.op == "number":
            return "pi" if n.value is sympy.pi else decimal(n.value) or str(n.value)
        mine = _LEVEL.get(n.op)
        if mine is None:
            return f"{n.op}({', '.join(write(a, 0) for a in flat(n))})"
        written = _operator(n, mine)
        return f"({written})" if mine < level else written

    def _operator(n: Node, mine: int) -> str:
        if n.op == "neg":
            return f"-{write(n.args[0], 3)}"
        left, right = n.args
        tight = mine + (n.op in ("sub", "div", "mul"))  # -, / and * lean to the left
        sign = PRIMITIVES[n.op].symbol
        space = " " if mine == 1 else ""
        return f"{write(left, mine + (n.op == 'pow'))}{space}{sign}{space}{write(right, max(tight, 2))}"

    return write(node, 0)


def flat(node: Node) -> list[Node]:
    """Arguments of a nested max or min as one list."""
    if node.op not in ("max", "min"):
        return list(node.args)
    return [b for a in node.args for b in (flat(a) if a.op == node.op else [a])]
