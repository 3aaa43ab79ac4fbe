"""Curves as dots: every dot is where the function is, and nothing a function does breaks the frame."""

from __future__ import annotations

import math
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from nas.terminal.canvas import FIRST, SECOND
from nas.terminal.plot import Curve, graph, sparkline
from nas.terminal.raster import braille, frame, trace
from tests.terminal.conftest import Draw

X = np.linspace(-5, 5, 301)

FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "swish": lambda x: x / (1 + np.exp(-1.3 * x)),
    "sine": lambda x: np.sin(2.7 * x) + 0.13 * x,
    "gaussian": lambda x: np.exp(-((x - 0.37) ** 2)),
}


def dots_of(text: str) -> set[int]:
    """The numbers of the dots of a braille sign, by its name in the Unicode tables."""
    name = unicodedata.name(text)
    return {int(digit) for digit in name.removeprefix("BRAILLE PATTERN DOTS-")} if "DOTS" in name else set()


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=8, max_size=8))
def test_braille_cells_have_the_dots_that_unicode_names(dots: list[bool]) -> None:
    left_then_right = [1, 4, 2, 5, 3, 6, 7, 8]  # the numbers of the dots, row by row
    wanted = {place for place, dot in zip(left_then_right, dots, strict=True) if dot}
    drawn = braille(np.array(dots).reshape(4, 2))[0]
    assert (dots_of(drawn) if drawn != " " else set()) == wanted


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_dot_lies_on_the_function_and_every_column_has_one(name: str) -> None:
    function = FUNCTIONS[name]
    y = function(X)
    low, high = frame([y])
    rows, columns = 48, 120
    dots = trace(X, y, rows=rows, columns=columns, low=low, high=high)
    assert dots.any(axis=0).all()
    for row, column in np.argwhere(dots):
        across = np.linspace(
            -5 + 10 * (column - 0.5) / (columns - 1), -5 + 10 * (column + 0.5) / (columns - 1), 50
        )
        near = (rows - 1) * (high - function(across)) / (high - low)
        assert near.min() - 0.6 <= row <= near.max() + 0.6


def test_a_dotted_line_is_part_of_the_solid_one() -> None:
    y = FUNCTIONS["sine"](X)
    solid = trace(X, y, rows=40, columns=100, low=-2, high=2)
    dotted = trace(X, y, rows=40, columns=100, low=-2, high=2, every=2)
    assert (solid | dotted == solid).all()
    assert 0.4 < dotted.sum() / solid.sum() < 0.6


@pytest.mark.parametrize("samples", [200, 201])
def test_a_pole_is_not_joined_and_a_step_is(samples: int) -> None:
    x = np.linspace(-1, 1, samples)  # with and without 0, where 1/x is infinite
    y = np.divide(1, x, out=np.full_like(x, np.inf), where=x != 0)
    pole = trace(x, y, rows=40, columns=101, low=-5, high=5)
    assert not pole[:, 43:58].any()
    assert pole[:, :40].any(axis=0).all()
    step = trace(x, np.sign(x), rows=40, columns=101, low=-1, high=1)
    assert step[:, 49:52].any(axis=1).all()


def test_what_is_not_finite_leaves_a_gap() -> None:
    y = np.where(X < 0, np.nan, np.sqrt(np.abs(X)))
    dots = trace(X, y, rows=20, columns=101, low=0, high=2.5)
    assert not dots[:, :49].any()
    assert dots[:, 51:].any(axis=0).all()


def test_the_frame_holds_all_of_a_tame_function_and_cuts_a_pole() -> None:
    assert frame([np.array([-0.278, 3.1, 4.97])]) == (-0.278, 4.97)
    low, high = frame([1 / (X + 0.0123)])
    assert -10 < low < -1 < 1 < high < 10


@settings(deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=30))
def test_the_frame_of_anything_has_a_height(values: list[float]) -> None:
    low, high = frame([np.array(values)])
    assert -math.inf < low < high < math.inf


def test_relu_in_one_line() -> None:
    y = np.maximum(np.linspace(-3, 3, 121), 0)
    assert sparkline(y, 8) == "⣀⣀⣀⣀⣠⠴⠒⠋"
    assert sparkline(y, 8, unicode=False) == "_____.-'"


@settings(deadline=None)
@given(st.lists(st.floats(), max_size=30), st.integers(0, 20), st.booleans())
def test_a_sparkline_is_as_wide_as_asked(values: list[float], width: int, unicode: bool) -> None:
    line = sparkline(values, width, unicode=unicode)
    assert cell_len(line) == width
    assert unicode or line.isascii()


def test_a_small_graph_in_full(draw: Draw) -> None:
    lines = draw(graph([-2, -1, 0, 1, 2], [Curve("|x|", [2, 1, 0, 1, 2])], columns=16, rows=5), unicode=False)
    assert [line.rstrip() for line in lines] == [
        "2 +*     |     *",
        "  | **   |   **",
        "  |   *  |  *",
        "  |    **|**",
        "0 +------*------",
        "   -2    0     2",
        "   *** |x|",
    ]


def test_labels_say_where_the_curve_begins_and_ends(draw: Draw) -> None:
    lines = draw(graph(X, [Curve("f(x)", FUNCTIONS["swish"](X))], rows=10))
    y = FUNCTIONS["swish"](X)
    assert lines[0].split("┤")[0].strip() == f"{y.max():.3g}"
    assert lines[9].split("┤")[0].strip() == f"{y.min():.3g}"
    assert lines[10].split() == ["-5", "0", "5"]
    assert "cut off" not in lines[11]


def test_what_is_cut_off_is_said(draw: Draw) -> None:
    y = np.sinh(4 * X)
    legend = draw(graph(X, [Curve("f(x)", y)], limits=(-3, 3)))[-1]
    assert f"cut off; all of it: {'-2.43e8'} to {'2.43e8'}" in legend
    assert "no value here is finite" in draw(graph(X, [Curve("f", np.full_like(X, np.nan))]))[-1]


@pytest.mark.parametrize("unicode", [True, False])
def test_the_legend_tells_the_curves_apart_without_colors(draw: Draw, unicode: bool) -> None:
    curves = [Curve("f(x)", np.tanh(X)), Curve("f'(x)", 1 / np.cosh(X) ** 2)]
    legend = draw(graph(X, curves), unicode=unicode)[-1].split()
    assert legend[1::2] == ["f(x)", "f'(x)"]
    assert legend[0] != legend[2]


def test_the_second_curve_is_dotted(draw: Draw) -> None:
    def dots(index: int) -> int:
        nothing = Curve("", np.full_like(X, np.nan))
        curves = [nothing, nothing]
        curves[index] = Curve("f", FUNCTIONS["sine"](X))
        lines = draw(graph(X, curves, limits=(-2, 2)))[:-2]
        return sum(len(dots_of(sign)) for line in lines for sign in line if "\u2800" <= sign <= "\u28ff")

    assert 0.4 < dots(1) / dots(0) < 0.6


@pytest.mark.parametrize("unicode", [True, False])
def test_four_curves_look_different(draw: Draw, unicode: bool) -> None:
    curves = [Curve(name, np.full_like(X, c)) for c, name in enumerate("abcd")]
    lines = draw(graph(X, curves, rows=7, columns=60), unicode=unicode)
    looks = {line[10:30] for line in lines[:7]} - {" " * 20}
    assert len(looks) == 4
    assert lines[-1].split()[-1] == "d"


def test_the_curves_have_colors_of_their_own() -> None:
    console = Console(width=80, force_terminal=True, color_system="standard")
    curves = [Curve("f(x)", np.tanh(X)), Curve("f'(x)", 1 / np.cosh(X) ** 2)]
    segments = [s for s in console.render(graph(X, curves)) if s.style and s.style.color]
    assert {s.style.color.name for s in segments if s.style} == {FIRST, SECOND}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(), min_size=1, max_size=25),
    st.lists(st.floats(), min_size=25, max_size=25),
    st.integers(1, 150),
    st.integers(1, 14),
    st.booleans(),
)
def test_a_graph_of_anything_fits(
    draw: Draw, first: list[float], second: list[float], width: int, rows: int, unicode: bool
) -> None:
    x = np.linspace(0.3, 9.1, len(first))
    view = graph(x, [Curve("f", first), Curve("[red]f'", second[: len(first)])], rows=rows)
    lines = draw(view, width, unicode=unicode)
    assert max(map(cell_len, lines)) <= width
    assert len(lines) == rows + 2
