"""Composition, complexity, LaTeX, parameters."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import sympy

from nas.errors import ExpressionError
from nas.symbolic.expression import Expression, X, compose
from nas.symbolic.form import form, text
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from tests.symbolic.expressions import FORMULAS


@pytest.mark.parametrize(
    ("formula", "nodes"),
    [
        ("x", 1),
        ("-x", 2),
        ("max(x, 0)", 3),
        ("x*sigmoid(x)", 4),
        ("x - 1", 3),
        ("x^2", 3),
        ("x/(1 + abs(x))", 6),
        ("max(x, 0, -x)", 6),
        ("x*sigmoid(beta*x)", 6),
    ],
)
def test_complexity_counts_the_nodes_a_person_would(formula: str, nodes: int) -> None:
    assert parse(formula).complexity == nodes


def test_composition_keeps_the_parameters_of_different_places_apart() -> None:
    template = parse("beta*x1 + (1 - beta)*x2", ("x1", "x2"))
    made = compose(template, {"x1": parse("beta*x"), "x2": parse("tanh(beta*x)")}, scope="scalar")
    assert {p.name for p in made.parameters} == {"beta1", "beta2", "beta3"}
    assert {p.scope for p in made.parameters} == {"scalar"}
    got = evaluate(made, 0.7, {"beta1": 2.0, "beta2": 3.0, "beta3": 0.4})
    assert float(got) == pytest.approx(0.4 * 2 * 0.7 + 0.6 * np.tanh(3 * 0.7))


def test_a_parameter_that_cancels_is_gone() -> None:
    assert parse("beta*x - beta*x + x").parameters == ()


def test_what_has_no_value_is_refused() -> None:
    with pytest.raises(ExpressionError, match="no finite real value"):
        Expression.of(1 / (X - X))
    with pytest.raises(ExpressionError, match="too large"):
        Expression.of(X**65)


def test_latex_uses_the_notation_of_the_field() -> None:
    assert parse("x*sigmoid(beta*x)").latex == r"x \sigma\left(\beta x\right)"
    assert parse("sqrt(x)^2 + log(x)").latex == r"\log{\left(x \right)} + \sqrt{x}^{2}"


@pytest.mark.parametrize("formula", FORMULAS)
def test_operator_trees_print_what_they_mean(formula: str) -> None:
    expression = parse(formula)
    names = tuple(p.name for p in expression.parameters)
    again = parse(text(form(expression.tree)), ("x", *names))
    assert sympy.simplify(again.tree - expression.tree) == 0


@pytest.mark.slow
def test_text_does_not_depend_on_the_hash_of_strings() -> None:
    """Texts are keys of the store: a resumed run in a new process must write the same ones."""
    code = f"from nas.symbolic.parse import parse; print([parse(f).text for f in {FORMULAS!r}])"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "77")
    }
    assert len(outputs) == 1
