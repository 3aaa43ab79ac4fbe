"""What is exported: a function with everything that is known of it, and the numbers its copy is tested by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np

from nas.export.pedigree import Pedigree
from nas.references import REFERENCES, Reference
from nas.symbolic.catalogue import CATALOGUE
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X, symbol
from nas.symbolic.form import Node, fold, form
from nas.symbolic.gaussian import gain
from nas.symbolic.naming import name_of
from nas.symbolic.numeric import evaluate, evaluate_derivative, evaluate_mpmath
from nas.symbolic.primitives import PRIMITIVES

#: on no special point of any usual function
_POINTS = (
    -30.03,
    -7.31,
    -2.93,
    -1.27,
    -0.83,
    -0.211,
    -0.0113,
    0.0037,
    0.147,
    0.47,
    1.09,
    1.71,
    3.37,
    5.93,
    29.87,
)
_REACH = (0.0, 1e-30, 1e-6, 0.7, 10.3, 50.9, 88.9, 103.7, 301.0, 1e4)  #: and their negatives

_LARGEST, _SMALLEST = 1e30, 1e-30  #: float32 holds what is between, with room for another order of operations


@dataclass(frozen=True)
class Check:
    """f and its slopes at x, by mpmath; the slopes by x and then by each parameter."""

    x: float
    value: float
    slopes: tuple[float, ...]


@dataclass(frozen=True)
class Subject:
    """`expression`, and the trial that found it, if any."""

    expression: Expression
    found: Pedigree | None = None

    @property
    def version(self) -> str:
        """Of nas."""
        return version("nas")

    @cached_property
    def name(self) -> str | None:
        """The known function that it is."""
        return name_of(self.expression)

    @cached_property
    def source(self) -> Reference | None:
        """Where the known function was first described."""
        if self.name is None:
            return None
        row = CATALOGUE.get(self.name) or CATALOGUE.get(self.name.rpartition(" (")[0])
        return None if row is None else REFERENCES[row.source]

    @cached_property
    def gain(self) -> float | None:
        """1/sqrt(E f(z)^2) for z ~ N(0, 1), parameters at their start; None where that is not finite."""
        return gain(self.expression)

    @cached_property
    def checks(self) -> list[Check]:
        """Values at points where float64 can hold them: where NumPy's agree with those of 60 digits."""
        return list(self._checks())

    def _checks(self) -> Iterator[Check]:
        f = self.expression
        variables = [X.name, *(p.name for p in f.parameters)]
        for x in _POINTS:
            exact = [float(evaluate_mpmath(f, x, by=by, digits=60)) for by in (None, *variables)]
            near = [float(evaluate(f, x)), *(float(evaluate_derivative(f, x, by=by)) for by in variables)]
            if np.allclose(near, exact, rtol=1e-10, atol=1e-13) and max(map(abs, exact)) < _LARGEST:
                yield Check(x, exact[0], tuple(exact[1:]))

    @cached_property
    def reach(self) -> list[float]:
        """Points where no step of the calculation of f and its slopes leaves float32's range."""
        points = np.array(sorted({*_REACH, *(-x for x in _REACH if x)}))
        held = np.ones(len(points), dtype=bool)
        variables = [X, *(symbol(p.name) for p in self.expression.parameters)]
        for tree in (self.expression.tree, *(derivative(self.expression.tree, v) for v in variables)):
            held &= _held(tree, points, {p.name: p.start for p in self.expression.parameters})
        return [float(x) for x in points[held]]


def _held(tree: Any, points: Any, values: dict[str, float]) -> Any:
    """Where every step stays within float32's range, and no denominator vanishes."""
    held = np.ones(len(points), dtype=bool)
    known: dict[str, Any] = {**values, X.name: points}

    def apply(node: Node, arguments: list[Any]) -> Any:
        nonlocal held
        value = PRIMITIVES[node.op].numpy(*arguments)
        if node.op == "div":
            held = held & (np.abs(arguments[1]) > _SMALLEST)
        if node.op != "choose":
            held = held & (np.abs(value) < _LARGEST)
        return value

    with np.errstate(all="ignore"):
        fold(form(tree), lambda leaf: known[leaf.value] if leaf.op == "symbol" else float(leaf.value), apply)
    return held
