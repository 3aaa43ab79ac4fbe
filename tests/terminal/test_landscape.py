"""Contours and a path on paper of any width."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from nas.terminal.landscape import Landscape, drawing
from tests.terminal.conftest import Draw

X, Y = np.meshgrid(np.linspace(-2, 2, 121), np.linspace(-1, 1, 121))


def land(**others: object) -> Landscape:
    values: dict[str, object] = {
        "window": (-2.0, 2.0, -1.0, 1.0),
        "heights": X**2 + 4 * Y**2,
        "path": [[-1.5, 0.9], [1.5, 0.9]],
        "goal": (0.0, 0.0),
    }
    return Landscape(**(values | others))


@pytest.mark.parametrize("width", [20, 40, 90])
@pytest.mark.parametrize("unicode", [True, False])
def test_it_fits_and_has_contours_start_path_and_goal(draw: Draw, width: int, unicode: bool) -> None:
    lines = draw(drawing(land(), 60, 12), width, unicode=unicode)
    assert max(map(cell_len, lines)) <= min(width, 60)
    assert len(lines) == 13
    text = "\n".join(lines[:-1])
    assert unicode or text.isascii()
    columns = min(width, 60)
    goal = "×" if unicode else "x"
    assert lines[6].index(goal) == columns // 2
    assert lines[0].index("○" if unicode else "o") == columns // 8
    assert lines[-1] == "x -2 to 2, y -1 to 1"[: len(lines[-1])]


def test_the_path_is_the_straight_line_between_its_points(draw: Draw) -> None:
    lines = draw(drawing(land(), 40, 10), 40, unicode=False)
    # 9/10 up is the top line of ten; from an eighth to seven eighths across
    assert lines[0].replace("o", "*").strip(" .") == "*" * 31
    up = draw(drawing(land(path=[[0.05, 0.95], [0.05, -0.95]]), 40, 10), 40, unicode=False)
    assert [line[20] for line in up[:10]].count("*") >= 8


def test_contours_close_around_the_lowest_point(draw: Draw) -> None:
    lines = draw(drawing(land(path=[[0.0, 0.0]]), 41, 21), 60, unicode=False)
    middle = lines[10].ljust(41)
    assert middle[:20].count(".") >= 3
    left = [20 - i for i, sign in enumerate(middle[:20]) if sign == "."]
    right = [i - 20 for i, sign in enumerate(middle) if sign == "." and i > 20]
    # levels at equal distances in the logarithm: as far to the left as to the right, up to a cell
    assert abs(max(left) - max(right)) <= 1
    assert abs(min(left) - min(right)) <= 1
    assert len(set(np.diff(sorted(right)))) > 1


def test_a_path_that_leaves_the_window_or_the_numbers_is_cut(draw: Draw) -> None:
    wild = [[-1.5, 0.0], [1e30, 0.0], [np.nan, 1.0], [0.5, np.inf], [0.5, -0.5]]
    lines = draw(drawing(land(path=wild), 40, 10), 40)
    assert len(lines) == 11


def test_heights_that_are_flat_or_not_finite_have_no_contours(draw: Draw) -> None:
    for heights in (np.zeros((121, 121)), np.full((121, 121), np.nan)):
        lines = draw(drawing(land(heights=heights), 40, 10), 40, unicode=False)
        assert "." not in "".join(lines[:-1])
