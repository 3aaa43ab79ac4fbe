"""Text to expression by an own parser: nothing a person types is ever evaluated as code.

    sum      = ["-" | "+"] product { ("+" | "-") product }
    product  = power { ("*" | "/") power }
    power    = atom [ ("^" | "**") signed power ]          (to the right)
    atom     = number | "pi" | variable | parameter | name "(" sum { "," sum } ")" | "(" sum ")"
    parameter = name [ "[" scope [ "," start ] "]" ]         scope = channel | scalar

A leading minus binds weaker than a power: -x^2 is -(x^2). Named functions of the catalogue may be called:
gelu(x).
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from typing import Any, cast

import numpy as np
import sympy

from nas.errors import ExpressionError
from nas.registry import did_you_mean
from nas.symbolic.build import build, rebuild
from nas.symbolic.catalogue import FORMULAS, find
from nas.symbolic.expression import (
    CANONICAL_SECONDS,
    LARGEST_INTEGER,
    MOST_COMPARISONS,
    PARAMETER,
    Expression,
    Parameter,
    Scope,
    X,
    comparisons,
    default_start,
    symbol,
    too_intricate,
)
from nas.symbolic.limits import limited
from nas.symbolic.numeric import evaluate_tree
from nas.symbolic.primitives import PRIMITIVES
from nas.symbolic.tokens import Token, shown, unreadable, words

MOST_NODES = 500  #: of a sympy tree
MOST_CONSTANT_NODES = 30  #: sympy evaluates constants to many digits, again and again
DEEPEST_NESTING = 14
LARGEST_TYPED_EXPONENT = 12
LARGEST_NUMBER = float(LARGEST_INTEGER)
MOST_DIGITS = 100

_FUNCTIONS = [row.name for row in PRIMITIVES.values() if row.symbol is None and row.typed]


@lru_cache(maxsize=4096)
def parse(text: str, variables: tuple[str, ...] = ("x",)) -> Expression:
    """The expression that `text` writes, in the given variables.

    Raises:
        ExpressionError: `text` is no formula, too long or too deep, or has no real value.
    """
    tokens = words(text)
    if variables == ("x",) and (whole := _named(text)) is not None:
        return parse(whole)
    return parse_words(text, tokens, variables)


def parse_words(text: str, tokens: Sequence[Token], variables: tuple[str, ...]) -> Expression:
    """As `parse`, of the words of `text` as they have been prepared; a variable is a word of its own."""
    return _Parser(text, tokens, variables).expression()


def _named(text: str) -> str | None:
    """The formula of the function that has `text` as its whole name."""
    row = find(text) if text.strip().isidentifier() else None
    return FORMULAS.get(_squashed(text)) if row is None else row.text


def _squashed(name: str) -> str:
    """`Leaky-ReLU ` as the catalogue knows it; a minus in front is no hyphen."""
    return re.sub(r"(?<=\w)[ _-]+(?=\w)", "", name.strip()).lower()


@dataclass
class _Parser:
    text: str
    tokens: Sequence[Token]
    variables: tuple[str, ...]
    position: int = 0
    depth: int = 0
    parameters: dict[str, Parameter] = field(default_factory=dict)
    explicit: set[str] = field(default_factory=set)
    constants: dict[Any, float] = field(default_factory=dict)
    compared: int = 0

    def expression(self) -> Expression:
        tree = limited(CANONICAL_SECONDS, self.sum, too_intricate)
        if self.next.kind != "end":
            raise self.error(f"unexpected {shown(self.next.text)}", "is an operator such as * missing?")
        return Expression.of(tree, tuple(self.parameters.values()))

    @property
    def next(self) -> Token:
        return self.tokens[self.position]

    def error(self, problem: str, cure: str | None = None) -> ExpressionError:
        return unreadable(self.text, self.next.position, problem, cure)

    def accept(self, *texts: str) -> str | None:
        token = self.next
        if token.kind == "op" and token.text in texts:
            self.position += 1
            return token.text
        return None

    def expect(self, text: str) -> None:
        if self.accept(text) is None:
            found = "the end" if self.next.kind == "end" else shown(self.next.text)
            raise self.error(f"expected {text!r} and found {found}")

    def sum(self) -> Any:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise self.error(f"brackets nested deeper than {DEEPEST_NESTING}")
        total = self.signed(self.product)
        while (sign := self.accept("+", "-")) is not None:
            total = self.build("add" if sign == "+" else "sub", total, self.product())
        self.depth -= 1
        return total

    def signed(self, operand: Callable[[], Any]) -> Any:
        negative = False
        while (sign := self.accept("+", "-")) is not None:
            negative ^= sign == "-"
        value = operand()
        return self.build("neg", value) if negative else value

    def product(self) -> Any:
        total = self.power()
        while (sign := self.accept("*", "/")) is not None:
            total = self.build("mul" if sign == "*" else "div", total, self.signed(self.power))
        return total

    def power(self) -> Any:
        base = self.atom()
        if self.accept("^", "**") is None:
            return base
        self.depth += 1  # x^x^x^… nests without brackets
        if self.depth > DEEPEST_NESTING:
            raise self.error(f"powers nested deeper than {DEEPEST_NESTING}")
        exponent = self.signed(self.power)
        self.depth -= 1
        if not (exponent.is_Rational and exponent.q in (1, 2) and abs(exponent) <= LARGEST_TYPED_EXPONENT):
            raise self.error(
                f"an exponent must be a whole number or half of one, at most {LARGEST_TYPED_EXPONENT}",
                "write exp(p*log(x)) for other powers of a positive x",
            )
        return self.build("pow", base, exponent)

    def atom(self) -> Any:
        token = self.next
        if token.kind == "number":
            self.position += 1
            return self.number(token)
        if token.kind == "name":
            self.position += 1
            return self.name(token)
        if self.accept("("):
            inside = self.sum()
            self.expect(")")
            return inside
        found = "the formula ends" if token.kind == "end" else f"found {shown(token.text)}"
        raise self.error(f"expected a number, a name or a bracket and {found}")

    def number(self, token: Token) -> Any:
        value = float(token.text)
        digits = re.split("[eE]", token.text)[0].replace(".", "").strip("0")
        if not digits:  # 0e99999999, too, of which a library would write out the zeros
            return sympy.S.Zero
        if len(digits) > MOST_DIGITS or not 1 / LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            raise unreadable(self.text, token.position, "a number is too long, too large or too small")
        return sympy.Rational(token.text)

    def name(self, token: Token) -> Any:
        name = token.text
        if self.next.text == "(" and name not in self.variables:
            return self.call(token)
        if name in self.variables:
            return symbol(name)
        if name == "pi":
            return sympy.pi
        if PARAMETER.fullmatch(name):
            return self.parameter(name)
        known = [*self.variables, "pi", "beta", "p", *_FUNCTIONS, *FORMULAS]
        function = name in _FUNCTIONS or name in FORMULAS
        problem = f"the function {name} needs brackets" if function else f"unknown name {shown(name)}"
        cure = f"write {name}(x)" if function else did_you_mean(name[:40], known)
        raise unreadable(self.text, token.position, problem, cure)

    def call(self, token: Token) -> Any:
        name = token.text
        if name not in _FUNCTIONS and name not in FORMULAS:
            near = did_you_mean(name[:40], [*_FUNCTIONS, *FORMULAS])
            cure = near or f"functions are {', '.join(_FUNCTIONS)}"
            raise unreadable(self.text, token.position, f"unknown function {shown(name)}", cure)
        self.expect("(")
        arguments = [self.sum()]
        while self.accept(","):
            arguments.append(self.sum())
        self.expect(")")
        if name in _FUNCTIONS:
            arity = PRIMITIVES[name].arity
            if (arity is None and len(arguments) < 2) or (arity is not None and len(arguments) != arity):
                wanted = "two or more arguments" if arity is None else f"{arity} argument{'s' * (arity > 1)}"
                raise unreadable(self.text, token.position, f"{name} takes {wanted}, not {len(arguments)}")
            return self.build(name, *arguments)
        if len(arguments) != 1:
            raise unreadable(self.text, token.position, f"{name} takes 1 argument, not {len(arguments)}")
        return self.named(name, arguments[0])

    def named(self, name: str, argument: Any) -> Any:
        """A function of the catalogue at `argument`; its parameters become parameters of this formula."""
        row = parse(FORMULAS[name])
        fresh = {p.name: p for p in row.parameters}
        for parameter in fresh.values():
            self.parameters.setdefault(parameter.name, parameter)
        places = sum(node == X for node in sympy.preorder_traversal(row.tree))
        if size(row.tree) + places * size(argument) > (
            MOST_NODES if argument.free_symbols else MOST_CONSTANT_NODES
        ):
            too_intricate()
        for node in row.tree.atoms(sympy.Max, sympy.Min):
            self.compare([argument, *node.args])
        return rebuild(row.form, {X.name: argument})

    def parameter(self, name: str) -> Any:
        known = self.parameters.get(name)
        if self.accept("["):
            parameter = self.annotation(name)
            if known is not None and name in self.explicit and known != parameter:
                raise self.error(f"{name} is described twice, differently")
            self.explicit.add(name)
            self.parameters[name] = parameter
            self.expect("]")
        elif known is None:
            self.parameters[name] = Parameter(name, "channel", default_start(name))
        return symbol(name)

    def annotation(self, name: str) -> Parameter:
        scope, start = "channel", default_start(name)
        if self.next.kind == "name":
            scope = self.next.text
            if scope not in ("channel", "scalar"):
                raise self.error(f"unknown scope {shown(scope)}", "a parameter is [channel] or [scalar]")
            self.position += 1
            if not self.accept(","):
                return Parameter(name, cast(Scope, scope), start)
        value = self.signed(self.atom)
        if not value.is_Rational:
            raise self.error("a start value must be a number")
        return Parameter(name, cast(Scope, scope), float(value))

    def build(self, name: str, *arguments: Any) -> Any:
        """One node, refused where it is constant and not a finite number."""
        if name == "div" and arguments[1] == 0:
            raise self.error("division by zero")
        if name in ("max", "min"):
            own = PRIMITIVES[name].sympy
            self.compare([p for a in arguments for p in (a.args if a.func == own else [a])])
        tree = build(name, *arguments)
        constant = not tree.free_symbols
        if size(tree) > (MOST_CONSTANT_NODES if constant else MOST_NODES):
            too_intricate()
        if constant and not tree.is_Rational:
            self.check_constant(tree, name, arguments)
        elif tree.is_Rational and (max(abs(tree.p), tree.q).bit_length() > 512):
            raise self.error("a number is too long, too large or too small")
        return tree

    def compare(self, pieces: Sequence[Any]) -> None:
        """Count what sympy does for a max of `pieces`."""
        self.compared += comparisons(pieces)
        if self.compared > MOST_COMPARISONS:
            too_intricate()

    def check_constant(self, tree: Any, name: str, arguments: Sequence[Any]) -> None:
        """Refuse what is not finite; the value comes from those of its parts, so a long sum is no work."""
        if tree not in self.constants:
            finite = not tree.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.I)
            if not finite:
                self.constants[tree] = math.nan
            elif not any(argument.free_symbols for argument in arguments):  # else as max(pi, min(x, 0)) = pi
                with np.errstate(all="ignore"):
                    values = [self.constant(argument) for argument in arguments]
                    function = operator.pow if name == "pow" else PRIMITIVES[name].numpy
                    combined = reduce(function, values) if len(values) > 2 else function(*values)
                self.constants[tree] = np.float64(combined)
        value = self.constant(tree)
        if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
            raise self.error("a constant part has no finite real value")

    def constant(self, tree: Any) -> float:
        """The value of a constant."""
        if tree not in self.constants:
            self.constants[tree] = np.float64(evaluate_tree(tree, np.zeros(()), {}))
        return self.constants[tree]


@lru_cache(maxsize=8192)
def size(tree: Any) -> int:
    """Nodes of a sympy tree."""
    return 1 + sum(map(size, tree.args))
