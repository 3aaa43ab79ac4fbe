"""`nas inspect`: what a formula is: LaTeX, derivative, known name, complexity, graph."""

from __future__ import annotations

import click
import numpy as np

from nas.cli.options import ExpressionCommand, format_option, print_json
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X
from nas.symbolic.naming import name_of
from nas.symbolic.numeric import evaluate, evaluate_derivative
from nas.symbolic.parse import parse
from nas.terminal import console
from nas.terminal.inspect import Inspection, inspection

LOW, HIGH, POINTS = -4.0, 4.0, 801
SCOPES = {"channel": "one for each channel", "scalar": "one for the layer"}


@click.command("inspect", cls=ExpressionCommand)
@click.argument("expression")
@format_option("text", "json")
def command(expression: str, format_: str) -> None:
    """Show the function EXPRESSION: formula, LaTeX, derivative, known name, graph of f and f'.

    EXPRESSION is written with x, numbers, + - * / ^, functions such as tanh, sigmoid and max, and learnable
    parameters beta, p, p1, p2: "x*sigmoid(beta*x)". It may begin with a minus sign. A known name works, too.
    """
    f = parse(expression)
    slope = Expression(derivative(f.tree, X), f.parameters)
    if format_ == "json":
        print_json(_facts(f, slope))
    else:
        console.stdout().print(inspection(_drawn(f, slope)))


def _facts(f: Expression, slope: Expression) -> dict[str, object]:
    return {
        "expression": f.text,
        "name": name_of(f),
        "complexity": f.complexity,
        "latex": f.latex,
        "derivative": slope.text,
        "derivative_latex": slope.latex,
        "parameters": [{"name": p.name, "scope": p.scope, "start": p.start} for p in f.parameters],
    }


def _drawn(f: Expression, slope: Expression) -> Inspection:
    """f and f' with every parameter at its start."""
    x = np.linspace(LOW, HIGH, POINTS)
    return Inspection(
        text=f.short,
        latex=f.latex,
        derivative=slope.short,
        name=name_of(f),
        complexity=f.complexity,
        x=x,
        f=evaluate(f, x),
        slope=evaluate_derivative(f, x),
        parameters="; ".join(f"{p.name}: {SCOPES[p.scope]}, drawn at {p.start:g}" for p in f.parameters),
    )
