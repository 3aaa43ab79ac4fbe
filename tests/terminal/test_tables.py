"""Lists and sheets: every fact is there in full, and none runs over the edge."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from nas.terminal import tables
from nas.terminal.tables import DataLine, RunLine, SpaceLine, chop, wrap
from tests.terminal.conftest import Draw

anything = st.text(st.characters(codec=None), max_size=60)

RUNS = [
    RunLine(
        "activations-3",
        "2026-11-20T12:55:47Z",
        "activations",
        "cifar10",
        "small",
        46,
        "finished",
        0.6122,
        "x",
    ),
    RunLine("a-very-long-name-" * 3, "2026-11-21T01:02:03Z", "yardstick", "digits", "resnet20", 0, "stopped"),
]


@pytest.mark.parametrize("width", [80, 120])
def test_runs(draw: Draw, width: int) -> None:
    lines = draw(tables.runs(RUNS), width)
    assert max(map(cell_len, lines)) <= width
    assert lines[2].split()[0] == "activations-3"
    assert "61.22" in lines[2]
    assert "2026-11-20" in lines[2]
    assert "a-very-long" in lines[3]
    assert "…" in lines[3]
    assert lines[3].split()[-1] == "–"


def test_no_runs(draw: Draw) -> None:
    assert draw(tables.runs([]))[0].startswith("no run yet")


def test_spaces_and_data_sets(draw: Draw) -> None:
    spaces = [
        SpaceLine("activations", "Core units " * 12, None, "Ramachandran2017"),
        SpaceLine("y", "one", 4232),
    ]
    text = draw(tables.spaces(spaces))
    assert text[0] == "activations   endless · Ramachandran2017"
    assert " ".join(" ".join(text[1:-2]).split()) == ("Core units " * 12).strip()
    assert text[-2] == "y   4,232 candidates"
    data = draw(
        tables.data_sets([DataLine("digits", "s", True, "here"), DataLine("cifar10", "s", False, "get it")])
    )
    assert data == ["digits   ready", "  s", "  here", "cifar10   missing", "  s", "  get it"]


def test_a_sheet_is_flat_and_complete(draw: Draw) -> None:
    config = {
        "name": "first",
        "recipe": {"lr": 0.1, "flip": True, "deep": {"er": None}},
        "own": ("x", "-x"),
        "none": (),
        "resumed": [{"time": "t1"}, {"time": "t2"}],
    }
    assert draw(tables.sheet({"configuration": config, "empty": {}})) == [
        "configuration",
        "  name            first",
        "  recipe.lr       0.1",
        "  recipe.flip     yes",
        "  recipe.deep.er  –",
        "  own             x, -x",
        "  none            –",
        "  resumed.1.time  t1",
        "  resumed.2.time  t2",
        "",
        "empty",
    ]


def test_a_long_value_flows_on_in_its_column(draw: Draw) -> None:
    lines = draw(tables.facts([("formula", "x + " * 40 + "1")]), 40)
    assert all(line.startswith(" " * 9 + "x") for line in lines[1:-1])
    assert "".join(line.strip() for line in lines).replace(" ", "") == "formula" + "x+" * 40 + "1"


@settings(deadline=None)
@given(st.text("ab 数", max_size=50), st.integers(2, 30))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(chop(text, width)) == text


@settings(max_examples=50, deadline=None)
@given(anything, anything, st.integers(1, 120), st.booleans())
def test_no_list_of_anything_is_wider_than_the_console(
    draw: Draw, key: str, value: str, width: int, unicode: bool
) -> None:
    for view in (
        tables.sheet({key: {value: value, key: [value, None, {key: value}]}}, title=value),
        tables.facts([(key, value)], title=value),
        tables.runs([RunLine(key, value, value, key, key, 3, value, None, value)]),
        tables.spaces([SpaceLine(key, value, 12, value)]),
        tables.data_sets([DataLine(key, value, True, value)]),
    ):
        lines = draw(view, width, unicode=unicode)
        assert max(map(cell_len, lines), default=0) <= width
        assert unicode or all(line.isascii() for line in lines)
