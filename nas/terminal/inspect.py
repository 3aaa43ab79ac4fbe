"""One function: its health card in groups, and the graph of f and f'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt
from rich.console import Group, RenderableType

from nas.health.card import Card, Range
from nas.health.dead import THRESHOLD
from nas.symbolic.expression import Parameter
from nas.symbolic.gaussian import Estimate
from nas.terminal import shape as words
from nas.terminal.canvas import HEADING, Canvas, Drawing
from nas.terminal.plot import Curve, graph
from nas.terminal.tables import facts
from nas.terminal.text import formula

_MOST_COLUMNS = 90
_ROWS = 12
_LABEL = 12  #: cells of the widest label

_SCOPES = {"channel": "one for each channel", "scalar": "one for the layer"}

_DEPTH = {
    "stable": "stable over depth",
    "neutral": "neutral over depth",
    "unstable": "unstable: without normalization the signal drifts over depth",
}

Pairs = list[tuple[str, object]]


@dataclass(frozen=True, eq=False)
class Sampled:
    """f and f' at `x`."""

    x: npt.ArrayLike  #: increasing
    f: npt.ArrayLike
    slope: npt.ArrayLike


def inspection(card: Card, sampled: Sampled) -> Drawing:
    """The facts of a function above its graph."""

    def draw(canvas: Canvas) -> RenderableType:
        drawn = graph(
            sampled.x,
            [Curve("f(x)", sampled.f), Curve("f'(x)", sampled.slope)],
            columns=min(canvas.width, _MOST_COLUMNS),
            rows=_ROWS,
        )
        groups: list[RenderableType] = []
        for pairs in (_identity(card), _shape(card), _gaussian(card), _machine(card)):
            groups += ["", facts([(label.ljust(_LABEL), value) for label, value in pairs])]
        heading = canvas.line((card.name or formula(card.expression.text), HEADING))
        return Group(heading, *groups, "", drawn)

    return Drawing(draw)


def _identity(card: Card) -> Pairs:
    f = card.expression
    pairs: Pairs = [("formula", f.short), ("derivative", card.slope.short), ("LaTeX", f.latex)]
    pairs.append(("name", card.name or "none known"))
    if card.relation is not None:
        pairs.append(("relative", card.relation))
    pairs.append(("complexity", f"{f.complexity} nodes"))
    if f.parameters:
        pairs.append(("parameters", "; ".join(map(_parameter, f.parameters))))
    return pairs


def _parameter(parameter: Parameter) -> str:
    return f"{parameter.name}: {_SCOPES[parameter.scope]}, here at its start {parameter.start:g}"


def _shape(card: Card) -> Pairs:
    shape = card.shape
    pairs: Pairs = [("domain", words.domain(shape))]
    if shape.domain:
        pairs += [
            ("range", words.bounds(shape)),
            ("parity", shape.parity or words.UNKNOWN),
            ("monotone", words.monotone(shape)),
            ("smoothness", words.smoothness(shape)),
            ("Lipschitz", words.lipschitz(shape)),
            ("far out", words.ends(shape)),
        ]
    return pairs


def _gaussian(card: Card) -> Pairs:
    moments = card.moments
    pairs: Pairs = [
        ("E f(z)", f"{_estimate(moments.mean)}; z ~ N(0,1)"),
        ("E f(z)^2", _estimate(moments.second)),
        ("E f'(z)^2", _estimate(moments.derivative_second)),
        ("init gain", words.UNKNOWN if card.gain is None else words.value(card.gain)),
    ]
    if card.depth_slope is not None and card.depth is not None:
        pairs.append(("depth slope", f"{words.value(card.depth_slope)}, {_DEPTH[card.depth]}"))
    if card.dead_share is not None:
        pairs.append(("dead inputs", f"{100 * card.dead_share:.3g} %, where |f'| < {THRESHOLD:g}"))
    if card.undefined_share:
        pairs.append(("undefined", f"{100 * card.undefined_share:.3g} % of inputs"))
    return pairs


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None:
        return "unknown, or infinite"
    if estimate.closed_form is not None:
        return f"{words.value(estimate.value)} = {estimate.closed_form}"
    return f"{words.value(estimate.value)}, error below {max(estimate.error, 1e-16):.0e}"


def _machine(card: Card) -> Pairs:
    return [
        ("finite", "; ".join(f"{name} {_range(found)}" for name, found in card.finite.items())),
        ("cost", f"{card.cost_vs_relu:.3g} x ReLU, forward and backward in eager form"),
    ]


def _range(found: Range | None) -> str:
    """Of f and f'."""
    if found is None:
        return "not at 0"
    return "everywhere" if found.whole else f"{words.value(found.low)} to {words.value(found.high)}"
