"""`nas soften`: the smooth relative of a function made of max and min, step by step."""

from __future__ import annotations

import click
import numpy as np

from nas.cli.options import ExpressionCommand, format_option, print_json
from nas.symbolic.breakpoints import breakpoints
from nas.symbolic.naming import name_of
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from nas.symbolic.relations import related
from nas.symbolic.soft_slope import SlopeBounds, slope_bounds
from nas.symbolic.soften import Softened, soften
from nas.terminal import console
from nas.terminal.soften import Softening, softening

BETAS = (1.0, 4.0, 16.0)
POINTS, LEAST_MARGIN, FARTHEST = 801, 3.0, 20.0


@click.command("soften", cls=ExpressionCommand)
@click.argument("expression")
@format_option("text", "json")
def command(expression: str, format_: str) -> None:
    """Show the smooth relative of the hard function EXPRESSION, and how it comes about.

    EXPRESSION is made of max, min and abs: "max(x, 0.25*x)", "min(max(x, 0), 6)". Each of them becomes the
    smooth maximum S_beta, all with one beta: the mean of the pieces at beta = 0, the hard function at
    infinity. A known name works, too.
    """
    softened = soften(parse(expression))
    bounds = slope_bounds(softened, BETAS)
    if format_ == "json":
        print_json(_facts(softened, bounds))
    else:
        console.stdout().print(softening(_shown(softened, bounds)))


def _facts(of: Softened, bounds: list[SlopeBounds]) -> dict[str, object]:
    return {
        "expression": of.hard.text,
        "expression_name": name_of(of.hard),
        "soft": of.soft.text,
        "latex": of.soft.latex,
        "name": of.name,
        "related": _relative(of),
        "beta": of.beta,
        "steps": [{"rule": step.rule, "formula": step.formula} for step in of.steps],
        "derivative_bounds": [
            {"beta": b.beta, "low": b.low, "high": b.high, "error": b.error, "closed_form": b.closed_form}
            for b in bounds
        ],
        "limit_infinity": of.hard.text,
        "limit_zero": of.mean.text,
        "max_gap": of.max_gap,
    }


def _relative(of: Softened) -> str | None:
    """The soft function in terms of a named one, up to what training absorbs."""
    absorbed = related(of.soft).absorbed if of.name is None else None
    return absorbed.formula if absorbed is not None else None


def _shown(of: Softened, bounds: list[SlopeBounds]) -> Softening:
    """Both functions around the places where the hard one bends, parameters at their start."""
    bends = breakpoints(of.hard, -FARTHEST, FARTHEST)
    margin = max(LEAST_MARGIN, float(np.ptp(bends)))
    x = np.linspace(bends[0] - margin, bends[-1] + margin, POINTS)
    soft = [(f"{of.beta} = {beta:g}", evaluate(of.soft, x, {of.beta: beta})) for beta in BETAS]
    facts: list[tuple[str, object]] = [
        ("soft", of.soft.short),
        ("name", of.name or _relative(of) or "none known"),
        ("LaTeX", of.soft.latex),
        (f"{of.beta} -> inf", f"{of.hard.short}{_distance(of)}"),
        (f"{of.beta} -> 0", of.mean.short),
        *((f"slope{_when(of, b)}", _range(b)) for b in bounds),
    ]
    if of.hard.parameters:
        facts.append(("drawn at", ", ".join(f"{p.name} = {p.start:g}" for p in of.hard.parameters)))
    steps = [(step.rule, step.formula) for step in of.steps]
    return Softening(of.hard.short, steps, facts, x, [("hard", evaluate(of.hard, x)), *soft])


def _distance(of: Softened) -> str:
    if of.max_gap is not None:
        return f", at most {of.max_gap:.4g}/{of.beta} away"
    if of.gap is not None:
        return f", at most {of.gap.short}/{of.beta} away"
    return ", no bound of the distance known"


def _when(of: Softened, bounds: SlopeBounds) -> str:
    return f", every {of.beta} > 0" if bounds.beta is None else f", {of.beta} = {bounds.beta:g}"


def _range(bounds: SlopeBounds) -> str:
    low, high = ("no bound" if b is None else f"{b:.5f}" for b in (bounds.low, bounds.high))
    if bounds.closed_form is not None:
        return f"{low} to {high}: {bounds.closed_form}"
    return f"{low} to {high} (found numerically, +-{bounds.error:.1g})"
