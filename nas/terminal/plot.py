"""Graphs of sampled functions in text: one line high, or a frame with axes for up to four curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt
from rich.console import Group, RenderableType

from nas.terminal.canvas import DIM, FIRST, FOURTH, SECOND, THIRD, Canvas, Drawing, Part
from nas.terminal.raster import DOTS_HIGH, DOTS_WIDE, Dots, Values, braille, frame, trace
from nas.terminal.text import number, pad

STYLES = (FIRST, SECOND, THIRD, FOURTH)
_SIGNS = "*.o+"  #: of the curves in ASCII
_EVERY = (1, 2, 3, 5)  #: which dots of a curve are set in braille
_SAMPLES = ("⠤⠤⠤", "⠄⠄⠄", "⠄⠠ ", "⠄ ⠠")  #: how that looks
_LEVELS = "_.-'"  #: heights within one line in ASCII
_LEAST = 12  #: columns of the narrowest frame


@dataclass(frozen=True, eq=False)
class Curve:
    """Values of one function at the x of the graph; not finite where it has no value."""

    label: str
    ys: npt.ArrayLike


def sparkline(ys: npt.ArrayLike, width: int, *, unicode: bool = True) -> str:
    """The shape of one curve in one line of `width` cells: four dots high, or four heights in ASCII."""
    return _sparkline(tuple(np.asarray(ys, dtype=np.float64).tolist()), width, unicode)


@lru_cache(maxsize=1024)  # a live view draws the same curves several times a second
def _sparkline(ys: tuple[float, ...], width: int, unicode: bool) -> str:
    y, x = np.array(ys), np.arange(len(ys), dtype=np.float64)
    if width < 1 or len(ys) == 0:
        return " " * max(width, 0)
    low, high = frame([y])
    if unicode:
        dots = trace(x, y, rows=DOTS_HIGH, columns=width * DOTS_WIDE, low=low, high=high)
        return braille(dots)[0]
    dots = trace(x, y, rows=len(_LEVELS), columns=width, low=low, high=high)
    heights = [np.flatnonzero(column[::-1]) for column in dots.T]
    return "".join(_LEVELS[int(np.median(height))] if height.size else " " for height in heights)


def graph(
    x: npt.ArrayLike,
    curves: Sequence[Curve],
    *,
    columns: int | None = None,
    rows: int = 12,
    limits: tuple[float, float] | None = None,
) -> Drawing:
    """Curves in a frame with labelled axes and, below it, a legend that needs no colors.

    Args:
        x: increasing and finite.
        curves: one to four; the first is a solid line, the others are dotted, each wider than the last.
        columns: cells from edge to edge, labels included; None for all there are.
        rows: cells high, without the line of x labels and the legend.
        limits: lowest and highest y shown; by default what `frame` finds.
    """
    xs = np.asarray(x, dtype=np.float64)
    sampled = [np.asarray(curve.ys, dtype=np.float64) for curve in curves]

    def draw(canvas: Canvas) -> RenderableType:
        low, high = limits or frame(sampled)
        labels = _y_labels(low, high, rows)
        gutter = max(map(len, labels.values()))
        cells = max(min(columns or canvas.width, canvas.width) - gutter - 2, _LEAST)
        lines = _field(canvas, xs, sampled, cells, rows, (low, high))
        framed = [
            canvas.line(
                (labels.get(row, "").rjust(gutter), DIM), " ", (_axis(canvas, row in labels), DIM), *parts
            )
            for row, parts in enumerate(lines)
        ]
        below = " " * (gutter + 2)
        legend = canvas.line(below, *_legend(canvas, curves, sampled, low, high))
        return Group(*framed, canvas.line(below, (_x_labels(xs, cells), DIM)), legend)

    return Drawing(draw)


def _field(
    canvas: Canvas, x: Values, ys: Sequence[Values], cells: int, rows: int, limits: tuple[float, float]
) -> list[list[Part]]:
    """Each line of the frame as parts: cells of the curves over the lines x = 0 and y = 0."""
    low, high = limits
    dots_high, dots_wide = (DOTS_HIGH, DOTS_WIDE) if canvas.unicode else (1, 1)
    every = _EVERY if canvas.unicode else [1] * len(_EVERY)
    layers = [
        trace(x, y, rows=rows * dots_high, columns=cells * dots_wide, low=low, high=high, every=every[i])
        for i, y in enumerate(ys)
    ]
    drawn = _signs(layers, canvas.unicode)
    owner = [_cells_of(dots, rows, cells) for dots in layers]
    zero = _zero_lines(canvas, x, cells, rows, limits)
    return [_runs(drawn[row], zero[row], [taken[row] for taken in owner]) for row in range(rows)]


def _runs(curves: str, behind: Sequence[str], owners: Sequence[Dots]) -> list[Part]:
    """One line of the frame, neighboring cells of one style as one part."""
    styled: list[tuple[str, str]] = []
    for column, (sign, under) in enumerate(zip(curves, behind, strict=True)):
        first = next((i for i, taken in enumerate(owners) if taken[column]), None)
        styled.append((under, DIM) if first is None else (sign, STYLES[first]))
    grouped = groupby(styled, key=itemgetter(1))
    return [("".join(sign for sign, _ in cells), style) for style, cells in grouped]


def _signs(layers: Sequence[Dots], unicode: bool) -> list[str]:
    """All curves as text, the earlier ones on top where there is one sign for a cell."""
    if unicode:
        return braille(np.any(np.stack(layers), axis=0))
    text = np.full(layers[0].shape, " ")
    for dots, sign in reversed(list(zip(layers, _SIGNS, strict=False))):
        text[dots] = sign
    return ["".join(line) for line in text]


def _cells_of(dots: Dots, rows: int, columns: int) -> Dots:
    """Which cells of rows x columns hold a dot."""
    cells = dots.reshape(rows, dots.shape[0] // rows, columns, dots.shape[1] // columns)
    return np.asarray(cells.any(axis=(1, 3)), dtype=np.bool_)


def _zero_lines(
    canvas: Canvas, x: Values, cells: int, rows: int, limits: tuple[float, float]
) -> list[list[str]]:
    across, up, both = ("┄", "┆", "┼") if canvas.unicode else ("-", "|", "+")
    field = [[" "] * cells for _ in range(rows)]
    row, column = _zero_row(*limits, rows), _place(0.0, float(x[0]), float(x[-1]), cells)
    if row is not None:
        field[row] = [across] * cells
    if column is not None and 0 < column < cells - 1:
        for i, line in enumerate(field):
            line[column] = both if i == row else up
    return field


def _zero_row(low: float, high: float, rows: int) -> int | None:
    place = _place(0.0, low, high, rows)
    return None if place is None else rows - 1 - place


def _place(value: float, low: float, high: float, cells: int) -> int | None:
    """The cell of `value` on an axis from low to high; None where it lies outside."""
    return (
        min(int((value - low) / (high - low) * cells), cells - 1)
        if low <= value <= high and low < high
        else None
    )


def _y_labels(low: float, high: float, rows: int) -> dict[int, str]:
    labels = {0: number(high), rows - 1: number(low)}
    zero = _zero_row(low, high, rows)
    if zero is not None and 1 < zero < rows - 2:
        labels[zero] = "0"
    return labels


def _x_labels(x: Values, cells: int) -> str:
    """The ends of the x axis under its ends, and 0 under x = 0 where there is room for it."""
    left, right = number(float(x[0])), number(float(x[-1]))
    line = pad(left, cells - len(right)) + right
    zero = _place(0.0, float(x[0]), float(x[-1]), cells)
    if zero is not None and len(left) + 1 < zero < cells - len(right) - 2:
        line = f"{line[:zero]}0{line[zero + 1 :]}"
    return line


def _axis(canvas: Canvas, labelled: bool) -> str:
    if not canvas.unicode:
        return "+" if labelled else "|"
    return "┤" if labelled else "│"


def _legend(
    canvas: Canvas, curves: Sequence[Curve], ys: Sequence[Values], low: float, high: float
) -> list[Part]:
    samples = _SAMPLES if canvas.unicode else [3 * sign for sign in _SIGNS]
    parts: list[Part] = []
    for curve, sample, style in zip(curves, samples, STYLES, strict=False):
        parts += [(sample, style), f" {curve.label}   "]
    finite = np.concatenate([y[np.isfinite(y)] for y in ys])
    if finite.size == 0:
        return [*parts, ("no value here is finite", DIM)]
    least, most = float(finite.min()), float(finite.max())
    if least < low or most > high:
        parts.append((f"cut off; all of it: {number(least)} to {number(most)}", DIM))
    return parts
