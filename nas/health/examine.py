"""Making a health card: mathematics, moments, and two measurements in torch."""

from __future__ import annotations

from nas.health.card import Card
from nas.health.cost import cost_vs_relu, one_thread
from nas.health.dead import dead_share, undefined_share
from nas.health.finite import DTYPES, finite_range
from nas.health.shape import UNDECIDED, at_start, shape_of
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X
from nas.symbolic.gaussian import Moments, depth_slope, gain, moments
from nas.symbolic.limits import limited
from nas.symbolic.naming import name_of
from nas.symbolic.relations import related

_SECONDS = 5.0  #: of processor time for the shape; beyond, it is undecided


def examine(expression: Expression) -> Card:
    """The card of f, learned parameters at their start; takes about half a second."""
    name, tree = name_of(expression), at_start(expression)
    shape = limited(_SECONDS, lambda: shape_of(expression), lambda: UNDECIDED)
    somewhere = shape.domain != ()
    with one_thread():
        finite = {dtype: finite_range(expression, torch_type) for dtype, torch_type in DTYPES.items()}
    return Card(
        expression=expression,
        slope=Expression(derivative(expression.tree, X), expression.parameters),
        name=name,
        relation=related(expression).line if name is None else None,
        shape=shape,
        moments=moments(expression) if somewhere else Moments(None, None, None, None),
        gain=gain(expression) if somewhere else None,
        depth_slope=depth_slope(expression) if somewhere else None,
        dead_share=dead_share(tree) if shape.domain else None,
        undefined_share=undefined_share(tree) if shape.domain else None if somewhere else 1.0,
        finite=finite,
        cost_vs_relu=cost_vs_relu(expression),
    )
