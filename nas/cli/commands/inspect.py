"""`nas inspect`: the health card of a formula."""

from __future__ import annotations

import click
import numpy as np

from nas.cli.options import ExpressionCommand, format_option, print_json
from nas.health.card import as_json
from nas.health.examine import examine
from nas.symbolic.expression import Expression
from nas.symbolic.numeric import evaluate, evaluate_derivative
from nas.symbolic.parse import parse
from nas.terminal import console
from nas.terminal.inspect import Sampled, inspection

LOW, HIGH, POINTS = -4.0, 4.0, 801


@click.command("inspect", cls=ExpressionCommand)
@click.argument("expression")
@format_option("text", "json")
def command(expression: str, format_: str) -> None:
    """Show the health card of the function EXPRESSION, before any training.

    EXPRESSION is written with x, numbers, + - * / ^, functions such as tanh, sigmoid and max, and learnable
    parameters beta, p, p1, p2: "x*sigmoid(beta*x)". It may begin with a minus sign. A known name works, too.
    Parameters stand at their start. An input z is dead where |f'(z)| < 0.001; inputs are N(0,1).

    In JSON, null is unknown, with these exceptions: in "bounds" and "lipschitz" it is infinite where
    "bounds_known" and "lipschitz_known" are true; in "domain", "monotone" and "window" it is the end of the
    line; in "finite" it says that not even 0 is. "smoothness" is the k of C^k, -1 for a jump, "smooth" for
    infinitely smooth; each of "kinks" has its k in "kink_smoothness". "monotone" lists intervals,
    "monotonicity" is that of the whole, where rising means never falling. Kinks and turns without end are
    listed up to +-"window".

    Asymptotes: constant f -> intercept; line f - (slope x + intercept) -> 0; power f / (factor |x|^power) ->
    1; logarithm f - (factor log|x| + intercept) -> 0; exponential |f| outgrows all powers. "gain" is
    1/sqrt(E f(z)^2); "depth_slope" is d log q'/d log q at q = 1, below 1 "depth" is stable. "cost_vs_relu" is
    the time forward and backward in eager form on one thread, relative to that of max(x, 0).
    """
    f = parse(expression)
    card = examine(f)
    if format_ == "json":
        print_json(as_json(card))
    else:
        console.stdout().print(inspection(card, _sampled(f)))


def _sampled(f: Expression) -> Sampled:
    """f and f' with every parameter at its start."""
    x = np.linspace(LOW, HIGH, POINTS)
    return Sampled(x, evaluate(f, x), evaluate_derivative(f, x))
