"""Curves as dots: a grid of dots per curve, and dots as braille cells or ASCII signs; no rich here."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Dots = npt.NDArray[np.bool_]  #: rows x columns, the first row at the top

#: The bit of each dot of a braille cell, 4 rows x 2 columns (Unicode 16, chapter 21.1, braille patterns).
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BRAILLE = 0x2800
DOTS_HIGH, DOTS_WIDE = _BITS.shape

_HUGE = 1e150  #: beyond it the height of a frame would overflow
_FAR = 1e6  #: dots from the frame; farther points need not be told apart, and would cost all precision


def frame(values: Sequence[Values]) -> tuple[float, float]:
    """The lowest and highest y to show: all that is finite, or, beside a pole or an explosion, its middle.

    What lies more than the 10 % to 90 % range beyond that range is cut off when the whole would be more than
    six times as high: the branches of 1/x stay visible.
    """
    finite = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.zeros(0)
    if finite.size == 0:
        return -1.0, 1.0
    finite = np.clip(finite, -_HUGE, _HUGE)
    low, high = float(finite.min()), float(finite.max())
    q10, q90 = (float(q) for q in np.quantile(finite, [0.1, 0.9]))
    if 0 < 6 * (q90 - q10) < high - low:
        low, high = max(low, 2 * q10 - q90), min(high, 2 * q90 - q10)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        margin = max(abs(high), 1.0)
        low, high = low - margin, high + margin
    return low, high


def trace(x: Values, y: Values, *, rows: int, columns: int, low: float, high: float, every: int = 1) -> Dots:
    """The polyline through (x, y) as dots over [x[0], x[-1]] x [low, high], gaps where y is not finite.

    With `every` = 2 only each second dot along the line is set: a dotted line. A jump from beyond one edge of
    the frame to beyond the other is a pole, and is not joined.
    """
    across = _scaled(x, float(x[0]), float(x[-1]), columns)
    up = (rows - 1) - _scaled(np.where(np.isfinite(y), y, np.nan), low, high, rows)
    path = [point for i in range(len(x)) for point in _segment(across, up, i, rows)]
    dots = np.zeros((rows, columns), dtype=np.bool_)
    along = [p for i, p in enumerate(path) if i == 0 or p != path[i - 1]]
    for row, column in along[::every]:
        dots[row, column] = True
    return dots


def braille(dots: Dots) -> list[str]:
    """Cells of 4 x 2 dots as text, one line a row of cells; an empty cell is a space."""
    rows, columns = dots.shape[0] // DOTS_HIGH, dots.shape[1] // DOTS_WIDE
    cells = dots.reshape(rows, DOTS_HIGH, columns, DOTS_WIDE)
    codes = np.einsum("rhcw,hw->rc", cells.astype(np.int64), _BITS)
    return ["".join(chr(_BRAILLE + code) if code else " " for code in line) for line in codes.tolist()]


def _scaled(values: Values, low: float, high: float, dots: int) -> Values:
    """[low, high] to [0, dots - 1], what is far outside to `_FAR`; a range without width to the middle."""
    if high <= low:
        return np.full_like(values, (dots - 1) / 2)
    with np.errstate(over="ignore"):
        return np.clip((values - low) / (high - low) * (dots - 1), -_FAR, _FAR)


def _segment(across: Values, up: Values, i: int, rows: int) -> list[tuple[int, int]]:
    """Dots (row, column) of the line from point i - 1 to point i, as far as it is inside the frame."""
    if not np.isfinite(up[i]):
        return []
    alone = i == 0 or not np.isfinite(up[i - 1]) or _is_pole(up[i - 1], up[i], rows)
    before = i if alone else i - 1
    start, stop = (1.0, 1.0) if alone else _inside(float(up[i - 1]), float(up[i]), rows)
    if start > stop:
        return []
    wide, high = float(across[i] - across[before]), float(up[i] - up[before])
    # one step a dot or less, so that no dot of the line is left out
    steps = math.ceil(max(abs(wide), abs(high)) * (stop - start)) + 1
    places = np.linspace(start, stop, steps)
    dots = zip(_nearest(up[before] + places * high), _nearest(across[before] + places * wide), strict=True)
    return [(row, column) for row, column in dots if 0 <= row < rows]


def _nearest(values: Values) -> list[int]:
    """The nearest whole numbers, halves up: `round` goes to the even one and leaves gaps."""
    nearest: list[int] = np.floor(values + 0.5).astype(np.int64).tolist()
    return nearest


def _is_pole(before: float, after: float, rows: int) -> bool:
    return min(before, after) < -0.5 and max(before, after) > rows - 0.5


def _inside(y0: float, y1: float, rows: int) -> tuple[float, float]:
    """The part [start, stop] of a line from y0 to y1 in which it lies between rows -0.5 and rows - 0.5."""
    if y0 == y1:
        return 0.0, 1.0
    ends = sorted((edge - y0) / (y1 - y0) for edge in (-0.5, rows - 0.5))
    return max(0.0, ends[0]), min(1.0, ends[1])
