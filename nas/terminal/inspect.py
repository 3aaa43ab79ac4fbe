"""One function: formula, LaTeX, derivative, name, and the graph of f and f'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt
from rich.console import Group, RenderableType

from nas.terminal.canvas import HEADING, Canvas, Drawing
from nas.terminal.plot import Curve, graph
from nas.terminal.tables import facts

_MOST_COLUMNS = 90
_ROWS = 14


@dataclass(frozen=True, eq=False)
class Inspection:
    """What is to be shown of a function and its derivative, sampled at `x`."""

    text: str
    latex: str
    derivative: str
    name: str | None
    complexity: int
    x: npt.ArrayLike  #: increasing
    f: npt.ArrayLike
    slope: npt.ArrayLike  #: f' at `x`
    parameters: str = ""  #: their scopes and the values they are drawn at


def inspection(of: Inspection) -> Drawing:
    """The facts of a function above its graph."""
    pairs: list[tuple[str, object]] = [
        ("formula", of.text),
        ("name", of.name or "none known"),
        ("derivative", of.derivative),
        ("LaTeX", of.latex),
        ("complexity", f"{of.complexity} nodes"),
    ]
    if of.parameters:
        pairs.append(("parameters", of.parameters))

    def draw(canvas: Canvas) -> RenderableType:
        drawn = graph(
            of.x,
            [Curve("f(x)", of.f), Curve("f'(x)", of.slope)],
            columns=min(canvas.width, _MOST_COLUMNS),
            rows=max(min(_ROWS, canvas.height - len(pairs) - 5), 8),
        )
        return Group(canvas.line((of.name or of.text, HEADING)), "", facts(pairs), "", drawn)

    return Drawing(draw)
