"""Tables and lines fit the console whatever is in them, and say where they were cut."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from nas.terminal.canvas import Canvas, Column, Drawing
from tests.terminal.conftest import Draw

anything = st.text(st.characters(codec=None), max_size=60)


def table(*columns: Column) -> Drawing:
    return Drawing(lambda canvas: canvas.table(columns))


def test_a_table_in_full(draw: Draw) -> None:
    view = table(
        Column("formula", ["x*sigmoid(beta*x)", "x"], least=4),
        Column("n", ["3", "12"], right=True),
        Column("name", ["Swish", ""]),
    )
    assert draw(view, 28) == [
        "formula             n  name",
        "────────────────────────────"[:28],
        "x*sigmoid(beta*x)   3  Swish",
        "x                  12",
    ]
    assert draw(view, 27)[2] == "x*sigmoid(beta*…   3  Swish"
    assert draw(view, 20)[2] == "x*sigmoid(…  3 Swish"  # the gaps give way, too
    assert draw(view, 20, unicode=False)[2] == "x*sigmoid(~  3 Swish"


def test_columns_that_may_shrink_do_so_from_the_widest(draw: Draw) -> None:
    view = table(Column("a", ["x" * 30], least=5), Column("b", ["y" * 17], least=5), Column("c", ["z" * 6]))
    assert draw(view, 40)[2] == "x" * 14 + "…  " + "y" * 14 + "…  zzzzzz"


@settings(deadline=None)
@given(st.lists(st.tuples(anything, anything), min_size=1, max_size=5), st.integers(1, 90), st.booleans())
def test_no_table_is_wider_than_the_console(
    draw: Draw, cells: list[tuple[str, str]], width: int, unicode: bool
) -> None:
    view = table(
        Column(cells[0][0], [first for first, _ in cells], least=3),
        Column("second", [(second, "bold") for _, second in cells], right=True),
    )
    lines = draw(view, width, unicode=unicode)
    assert len(lines) == len(cells) + 2
    assert max(map(cell_len, lines)) <= width
    assert unicode or all(line.isascii() for line in lines)


@settings(deadline=None)
@given(st.lists(anything, max_size=4), st.integers(1, 90))
def test_no_line_is_wider_than_the_console(parts: list[str], width: int) -> None:
    canvas = Canvas(width, 24, unicode=True)
    whole = "".join(map(canvas.say, parts)).rstrip()
    line = canvas.line(*parts)
    assert cell_len(line.plain) <= width
    assert line.plain == whole if cell_len(whole) <= width else line.plain.endswith("…")
