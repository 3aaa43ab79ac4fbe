"""Cell networks against the published counts and against the cell written out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nas.architectures.accounting import account
from nas.architectures.cells import CellBlock, Reduction, cell_network
from nas.rows.cells import Cell, parse_cell

CONVOLUTIONS = Cell(("nor_conv_3x3",) * 6)
MIXED = parse_cell("|nor_conv_3x3~0|+|avg_pool_3x3~0|skip_connect~1|+|nor_conv_1x1~0|none~1|nor_conv_3x3~2|")


def relu(channels: int) -> nn.Module:
    return nn.ReLU()


@pytest.mark.parametrize(
    ("cell", "parameters", "macs"),
    [
        # NAS-Bench-201 lists 1.531546 M and 220.12 M for its largest, 0.073306 M and 7.78 M for its smallest
        (CONVOLUTIONS, 1_531_546, 220_119_680),
        (Cell(("none",) * 6), 73_306, 7_783_040),
        (Cell(("skip_connect",) * 6), 73_306, 7_783_040),
    ],
)
def test_published_counts(cell: Cell, parameters: int, macs: int) -> None:
    costs = account(cell_network(cell, 3, 10, 16, relu), (3, 32, 32))
    assert (costs.parameters, costs.macs) == (parameters, macs)


def test_a_node_is_the_sum_of_its_edges() -> None:
    torch.manual_seed(1)
    block = CellBlock(MIXED, 4, relu, "batch").eval()
    x = torch.randn(2, 4, 6, 5)
    edge = dict(block.edges.items())
    one = edge["0_1"](x)
    two = nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False) + one
    three = edge["0_3"](x) + edge["2_3"](two)
    torch.testing.assert_close(block(x), three)
    assert [type(m).__name__ for m in edge["0_1"]] == ["ReLU", "Conv2d", "BatchNorm2d"]
    assert "1_3" not in edge


def test_equal_keys_are_equal_functions() -> None:
    """Averages of a sum are sums of averages, identities are nothing, dead ends bring nothing."""
    pairs = [
        ("|avg_pool_3x3~0|+|skip_connect~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|",
         "|avg_pool_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|avg_pool_3x3~2|"),
        ("|none~0|+|skip_connect~0|avg_pool_3x3~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
         "|skip_connect~0|+|none~0|avg_pool_3x3~1|+|none~0|skip_connect~1|skip_connect~2|"),
    ]  # fmt: skip
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    for one, other in pairs:
        a, b = parse_cell(one), parse_cell(other)
        assert a.key == b.key
        assert a != b
        torch.testing.assert_close(*(CellBlock(cell, 3, relu, "batch")(x) for cell in (a, b)))


def test_a_cell_that_lets_nothing_through_gives_zero() -> None:
    block = CellBlock(
        parse_cell("|none~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|"), 3, relu, "batch"
    )
    x = torch.randn(2, 3, 4, 4)
    assert block(x).shape == x.shape
    assert not block(x).any()


@pytest.mark.parametrize("size", [(8, 8), (7, 10), (1, 1)])
def test_a_reduction_halves_rounding_up(size: tuple[int, int]) -> None:
    out = Reduction(3, relu, "batch")(torch.randn(2, 3, *size))
    assert out.shape == (2, 6, -(-size[0] // 2), -(-size[1] // 2))
