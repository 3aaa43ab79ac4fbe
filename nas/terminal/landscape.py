"""A function of two variables as contour lines, with a path drawn over them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import numpy.typing as npt
from rich.console import Group, RenderableType

from nas.terminal.canvas import BEST, DIM, FIRST, TROUBLE, Canvas, Drawing, Part
from nas.terminal.raster import DOTS_HIGH, DOTS_WIDE, Dots, Values, braille

_CONTOURS = 5
_MARKS = {True: ("○", "×"), False: ("o", "x")}  #: start and goal, in Unicode and ASCII
_FAR = 1e3  #: windows; a path that leaves so far is cut there


@dataclass(frozen=True, eq=False)
class Landscape:
    """Heights above the least value, sampled evenly over a window, and a path in its coordinates."""

    window: tuple[float, float, float, float]  #: x from, to, y from, to
    heights: npt.ArrayLike  #: [y, x], both rising; not below 0
    path: npt.ArrayLike  #: [points, 2]
    goal: tuple[float, float]


def drawing(land: Landscape, columns: int, rows: int) -> Drawing:
    """The landscape alone, at most `columns` wide, and below it what its edges are."""

    def draw(canvas: Canvas) -> RenderableType:
        drawn = [canvas.line(*parts) for parts in lines(canvas, land, min(columns, canvas.width), rows)]
        return Group(*drawn, canvas.line((edges(land), DIM)))

    return Drawing(draw)


def edges(land: Landscape) -> str:
    """The window in words."""
    left, right, low, high = land.window
    return f"x {left:g} to {right:g}, y {low:g} to {high:g}"


def lines(canvas: Canvas, land: Landscape, columns: int, rows: int) -> list[list[Part]]:
    """`rows` lines of `columns` cells: contours dim, the path over them, marks for its start and the goal."""
    high, wide = (DOTS_HIGH, DOTS_WIDE) if canvas.unicode else (1, 1)
    contours = _contours(np.asarray(land.heights, dtype=np.float64), rows * high, columns * wide)
    path = np.asarray(land.path, dtype=np.float64)
    trail = _trail(_places(path, land.window, contours.shape), contours.shape)
    over: Dots = np.any(trail.reshape(rows, high, columns, wide), axis=(1, 3))
    behind, front = (_signs(dots, canvas.unicode, sign) for dots, sign in ((contours, "."), (trail, "*")))
    cells = [
        [(front[r][c], FIRST) if over[r, c] else (behind[r][c], DIM) for c in range(columns)]
        for r in range(rows)
    ]
    marks = zip((path[0], np.array(land.goal)), _MARKS[canvas.unicode], (TROUBLE, BEST), strict=True)
    for point, mark, style in marks:
        row, column = _places(point[None], land.window, (rows, columns))[0]
        if 0 <= row < rows and 0 <= column < columns:
            cells[int(row)][int(column)] = (mark, style)
    return [_runs(line) for line in cells]


def _contours(heights: Values, rows: int, columns: int) -> Dots:
    """Dots where the level changes; levels are even in the logarithm of the height."""
    picked = heights[
        np.linspace(len(heights) - 1, 0, rows).round().astype(int)[:, None],
        np.linspace(0, heights.shape[1] - 1, columns).round().astype(int),
    ]
    finite = picked[np.isfinite(picked) & (picked > 0)]
    if finite.size == 0:
        return np.zeros((rows, columns), dtype=np.bool_)
    levels = np.geomspace(np.quantile(finite, 0.02), np.quantile(finite, 0.98), _CONTOURS)
    level = np.digitize(picked, levels)
    dots = np.zeros((rows, columns), dtype=np.bool_)
    dots[:, :-1] |= level[:, :-1] != level[:, 1:]
    dots[:-1] |= level[:-1] != level[1:]
    return dots


def _places(points: Values, window: tuple[float, float, float, float], shape: tuple[int, ...]) -> Values:
    """Row and column of each point, as whole numbers; also outside of the window."""
    left, right, low, high = window
    rows = (high - points[:, 1]) / (high - low)
    columns = (points[:, 0] - left) / (right - left)
    share = np.nan_to_num(np.stack([rows, columns], axis=1), nan=_FAR, posinf=_FAR, neginf=-_FAR)
    places: Values = np.floor(np.clip(share, -_FAR, _FAR) * np.array(shape))
    return places


def _trail(places: Values, shape: tuple[int, ...]) -> Dots:
    """The dots of the straight lines between the places, as far as they are inside."""
    dots = np.zeros(shape, dtype=np.bool_)
    for a, b in pairwise(places):
        count = int(min(abs(b - a).max(), 20 * max(shape))) + 1
        line = np.floor(np.linspace(a, b, count + 1) + 0.5).astype(np.int64)
        inside = line[(line >= 0).all(axis=1) & (line < np.array(shape)).all(axis=1)]
        dots[inside[:, 0], inside[:, 1]] = True
    return dots


def _signs(dots: Dots, unicode: bool, sign: str) -> list[str]:
    if unicode:
        return braille(dots)
    return ["".join(sign if dot else " " for dot in line) for line in dots]


def _runs(cells: list[tuple[str, str]]) -> list[Part]:
    """Neighboring cells of one style as one part."""
    grouped = groupby(cells, key=itemgetter(1))
    return [("".join(sign for sign, _ in run), style) for style, run in grouped]
