"""A hard function made soft: the steps, the result and its bounds, and the graph of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy.typing as npt
from rich.console import Group, RenderableType
from rich.text import Text

from nas.terminal.canvas import DIM, HEADING, Canvas, Drawing
from nas.terminal.plot import Curve, graph
from nas.terminal.tables import facts, wrap

_MOST_COLUMNS = 90
_ROWS = 16
_INDENT = 4


@dataclass(frozen=True, eq=False)
class Softening:
    """What is to be shown of a hard function and its soft relative."""

    hard: str
    steps: Sequence[tuple[str, str]]  #: what is done, and the formula that it gives
    facts: Sequence[tuple[str, object]]  #: of the soft function
    x: npt.ArrayLike  #: increasing
    curves: Sequence[tuple[str, npt.ArrayLike]]  #: the hard function first


def softening(of: Softening) -> Drawing:
    """The derivation, the facts below it, and the graph."""

    def draw(canvas: Canvas) -> RenderableType:
        drawn = graph(
            of.x,
            [Curve(label, values) for label, values in of.curves],
            columns=min(canvas.width, _MOST_COLUMNS),
            rows=_ROWS,
        )
        steps = [
            line
            for number, (rule, formula) in enumerate(of.steps, start=1)
            for line in _step(canvas, number, rule, formula)
        ]
        heading = canvas.line((f"{of.hard}, made soft", HEADING))
        return Group(heading, "", *steps, "", facts(of.facts), "", drawn)

    return Drawing(draw)


def _step(canvas: Canvas, number: int, rule: str, formula: str) -> list[Text]:
    """The rule, flowing beside its number, and the formula below it."""
    room = max(canvas.width - _INDENT, 1)
    rules = wrap(canvas.say(rule), room)
    head = f"{number}.".ljust(_INDENT)
    return [
        canvas.line((f"{head if i == 0 else ' ' * _INDENT}{line}", DIM)) for i, line in enumerate(rules)
    ] + [canvas.line(f"{' ' * _INDENT}{line}") for line in wrap(canvas.say(formula), room)]
