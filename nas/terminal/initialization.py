"""An init: its variance and source, and how signal and gradient fare through depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.console import Group, RenderableType

from nas.terminal.canvas import DIM, HEADING, Canvas, Drawing
from nas.terminal.plot import Curve, graph
from nas.terminal.tables import facts
from nas.terminal.text import NONE, number

_MOST_COLUMNS = 90
_ROWS = 12
_LARGE = 10.0  #: times that a mean square may change over the whole depth and still counts as kept


@dataclass(frozen=True, eq=False)
class InitSheet:
    """What is to be shown; mean squares are geometric means over the draws, relative to where they enter."""

    title: str
    facts: Sequence[tuple[str, object]]
    layers: Sequence[int]
    signal: npt.NDArray[np.float64]
    gradient: npt.NDArray[np.float64]
    note: str  #: of what was measured
    unit: str  #: what lies between two places: a layer, a block


def init_sheet(of: InitSheet) -> Drawing:
    """The facts, a graph of both mean squares on a logarithmic scale, and what it says in words."""

    def draw(canvas: Canvas) -> RenderableType:
        drawn = graph(
            of.layers,
            [Curve("signal, forward", _log(of.signal)), Curve("gradient, backward", _log(of.gradient))],
            columns=min(canvas.width, _MOST_COLUMNS),
            rows=_ROWS,
            limits=_limits(of.signal, of.gradient),
        )
        words = [
            ("signal", verdict(of.signal, of.unit)),
            ("gradient", verdict(of.gradient[::-1], of.unit)),
        ]
        return Group(
            canvas.line((of.title, HEADING)),
            "",
            facts(of.facts),
            "",
            canvas.paragraph(f"log10 of the mean square by layer; {of.note}", DIM),
            drawn,
            "",
            facts(words),
        )

    return Drawing(draw)


def verdict(values: npt.NDArray[np.float64], unit: str) -> str:
    """Where the mean square goes along its way, and by what factor from place to place."""
    end = float(values[-1])
    if not math.isfinite(end):
        lost = int(np.argmin(np.isfinite(values)))
        return f"explodes: beyond float32 after {lost + 1} of {len(values)} {unit}s"
    if end == 0:
        return "is 0 at the end"
    change = end / values[0] if values[0] > 0 else math.nan
    factor = change ** (1 / max(len(values) - 1, 1))
    word = "explodes" if change > _LARGE else "vanishes" if change < 1 / _LARGE else "is kept"
    if not math.isfinite(change):
        return NONE
    return f"{word}: x {number(factor)} a {unit}, from {number(float(values[0]))} to {number(end)}"


def _log(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)


def _limits(*curves: npt.NDArray[np.float64]) -> tuple[float, float]:
    """All that is finite, and at least the decades around 1."""
    logs = np.concatenate([_log(values) for values in curves])
    finite = logs[np.isfinite(logs)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return min(low, -1.0), max(high, 1.0)
