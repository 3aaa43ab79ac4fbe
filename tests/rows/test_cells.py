"""Cells as text: every one of the 15,625, what is equal, what is refused."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from nas.errors import SettingError
from nas.rows.cells import EDGES, OPERATIONS, Cell, all_cells, decision, draw_cell, parse_cell

RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"


def the_papers_own_name(cell: Cell) -> str:
    """NAS-Bench-201's rule for equal cells: zeros and identities are known, zeros stay in sums."""
    nodes = ["x"]
    for end in (1, 2, 3):
        terms = []
        for (start, to), name in cell.edges():
            if to != end:
                continue
            if name == "none" or nodes[start] == "#":
                terms.append("#")
            else:
                terms.append(nodes[start] if name == "skip_connect" else f"({nodes[start]})@{name}")
        nodes.append("+".join(sorted(terms)))
    return nodes[3]


def test_every_cell_reads_back() -> None:
    for cell in all_cells():
        assert parse_cell(str(cell)) == cell


def test_equal_cells_are_those_of_the_paper_and_more() -> None:
    """Dong & Yang 2020 count 15,625 cells and 6,466 by their rule; ours unites what theirs does."""
    theirs: dict[str, str] = {}
    for cell in all_cells():
        assert theirs.setdefault(the_papers_own_name(cell), cell.key) == cell.key
    assert len(theirs) == 6_466
    assert len(set(theirs.values())) == 4_660


def test_a_pruned_cell_is_the_same_network() -> None:
    for cell in random.Random(3).sample(list(all_cells()), 2000):
        pruned = cell.pruned()
        assert pruned.key == cell.key
        assert pruned.pruned() == pruned
        assert pruned.connected == any(pruned.used())
        assert all(new in (old, "none") for new, old in zip(pruned.operations, cell.operations, strict=True))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (RESNET, "nor_conv_3x3(nor_conv_3x3(x))+x"),
        ("|none~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|none~0|avg_pool_3x3~1|none~2|", "0"),
        (
            "|avg_pool_3x3~0|+|skip_connect~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|",
            "avg_pool_3x3(avg_pool_3x3(x))+avg_pool_3x3(x)",
        ),
    ],
)
def test_what_a_cell_computes(text: str, key: str) -> None:
    assert parse_cell(text).key == key
    assert parse_cell(text).connected == (key != "0")


def test_spaces_around_are_no_matter() -> None:
    assert str(parse_cell(f"  {RESNET}\n")) == RESNET


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "three nodes"),
        ("|skip_connect~0|", "three nodes"),
        (f"{RESNET}+|none~0|", "three nodes"),
        ("|none~0|none~1|+|none~0|none~1|+|none~0|none~1|none~2|", "node 1 of a cell has 1 edge "),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|", "node 3 of a cell has 3 edges"),
        ("none~0|+|none~0|none~1|+|none~0|none~1|none~2|", "node 1"),
        ("|none~0|+|none~1|none~0|+|none~0|none~1|none~2|", "comes from node 0"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~3|", "comes from node 2"),
        ("|none|+|none~0|none~1|+|none~0|none~1|none~2|", "edge 1 of node 1"),
        ("|none~0|+|none~0|none ~1|+|none~0|none~1|none~2|", "edge 2 of node 2"),
        ("|nor_conv_3~0|+|none~0|none~1|+|none~0|none~1|none~2|", "nor_conv_3x3"),
        ("|none~٠|+|none~0|none~1|+|none~0|none~1|none~2|", "comes from node 0"),
    ],
)
def test_errors_say_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_cell(text)
    assert says in str(caught.value)


def test_a_cell_has_six_known_operations() -> None:
    with pytest.raises(SettingError, match="one operation for each edge"):
        Cell(("none",) * 5)
    with pytest.raises(SettingError, match="no cell operation"):
        Cell(("none",) * 5 + ("conv",))


def test_moves_change_one_edge() -> None:
    cell = parse_cell(RESNET)
    neighbors = cell.neighbors()
    assert len(set(neighbors)) == 24
    for other in neighbors:
        assert sum(a != b for a, b in zip(cell.operations, other.operations, strict=True)) == 1


def test_a_draw_asks_for_every_edge_by_name() -> None:
    asked: dict[str, tuple[str, ...]] = {}

    def choose(name: str, options: object) -> str:
        asked[name] = tuple(options)  # type: ignore[call-overload]
        return asked[name][len(asked) % 5]

    cell = draw_cell(choose)
    assert asked == {decision(edge): tuple(OPERATIONS) for edge in EDGES}
    assert cell.operations == tuple(tuple(OPERATIONS)[i % 5] for i in range(1, 7))


def test_random_cells_are_uniform() -> None:
    rng = random.Random(0)
    counts = Counter(op for _ in range(500) for op in draw_cell(lambda _, o: rng.choice(o)).operations)
    assert set(counts) == set(OPERATIONS)
    assert all(abs(count - 600) < 5 * 600**0.5 for count in counts.values())
