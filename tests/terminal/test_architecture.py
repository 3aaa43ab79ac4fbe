"""Networks and their scores on consoles of any width and alphabet."""

from __future__ import annotations

import pytest

from nas.terminal.architecture import LayerLine, ScoreLine, layers, scores

LAYERS = [
    LayerLine(
        "0.residual.conv1", "Conv2d 3x3 /2, 32 groups", (256, 32, 32), 589_824, 603_979_776, 1_048_576,
        68_719_476_736,
    ),
    LayerLine("1", "ReLU", (256, 32, 32), 0, 0, 1_048_576, None),
    LayerLine("2", "Linear", (10,), 2570, 2560, 40, 2560),
]  # fmt: skip
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_nothing_is_wider_than_the_console(draw, width: int, unicode: bool) -> None:
    line = ScoreLine(CELL, 1_288_506, 184_730_240, {"synflow": 66.65, "swap": -1e9}, -0.194, 3.2)
    for view in (
        layers("resnet20", "a network", (3, 32, 32), LAYERS, 592_394),
        scores([line] * 9, [("synflow", "a sum"), ("swap", "a count")]),
    ):
        lines = draw(view, width, unicode=unicode)
        assert all(len(text) <= width for text in lines)
        assert unicode or all(text.isascii() for text in lines)


def test_a_network_shows_its_sums_and_layers(draw) -> None:
    lines = draw(layers("resnet20", "a network", (3, 32, 32), LAYERS, 592_394), 100)
    assert "592,394 parameters   603,982,336 MACs   2,097,192 bytes of activations" in lines
    assert "for one image of 3x32x32" in lines
    assert lines[-3].split()[-5:] == ["256x32x32", "590k", "604M", "1.05M", "68.7G"]
    assert lines[-2].split()[-4:] == ["–", "–", "1.05M", "–"]


def test_scores_keep_the_order_and_say_what_they_are(draw) -> None:
    given = [
        ScoreLine(name, 1000, 10**6, {"synflow": value}, value, 1.0)
        for name, value in (("first", -2.0), ("second", -0.5), ("third", -1.0))
    ]
    lines = draw(scores(given, [("synflow", "a sum over paths")]), 80)
    assert [line.split()[0] for line in lines[2:5]] == ["first", "second", "third"]
    assert "synflow   -2  -0.5  -1" in lines
    assert "  a sum over paths" in lines
