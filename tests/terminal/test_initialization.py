"""The sheet of an init."""

from __future__ import annotations

import numpy as np
import pytest

from nas.terminal.initialization import InitSheet, init_sheet, verdict
from tests.terminal.conftest import Draw


def sheet(signal: object, gradient: object) -> InitSheet:
    values = [np.asarray(v, dtype=float) for v in (signal, gradient)]
    layers = range(1, len(values[0]) + 1)
    return InitSheet(
        "he_normal", [("variance", "Var[w] = 2 / fan_in")], list(layers), *values, "7 layers", "layer"
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([2, 2, 2.2], "is kept: x 1.05 a layer, from 2 to 2.2"),
        ([1, 0.1, 0.01], "vanishes: x 0.1 a layer, from 1 to 0.01"),
        ([1, 10, 100], "explodes: x 10 a layer, from 1 to 100"),
        ([1, 1e30, np.inf, np.nan], "explodes: beyond float32 after 3 of 4 layers"),
        ([1, 1, 0], "is 0 at the end"),
        ([0, 0], "is 0 at the end"),
        ([0, 1], "–"),
    ],
)
def test_verdicts(values: list[float], words: str) -> None:
    assert verdict(np.array(values, dtype=float), "layer") == words


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_and_says_what_it_shows(draw: Draw, width: int, unicode: bool) -> None:
    lines = draw(init_sheet(sheet(10.0 ** -np.arange(20), np.ones(20))), width, unicode=unicode)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for words in ("he_normal", "2 / fan_in", "signal, forward", "vanishes: x 0.1 a layer", "is kept", "-19"):
        assert words in " ".join(text.split())


def test_nothing_finite_is_drawn_without_a_fault(draw: Draw) -> None:
    text = "\n".join(draw(init_sheet(sheet([np.inf, np.nan], [0, 0]))))
    assert "explodes" in text
    assert "is 0 at the end" in text


def test_the_way_of_the_gradient_is_told_backward(draw: Draw) -> None:
    text = "\n".join(draw(init_sheet(sheet([1, 1, 1], [100, 10, 1]))))
    assert "explodes: x 10 a layer, from 1 to 100" in text
