"""The screens of `nas reproduce`."""

from __future__ import annotations

import pytest

from nas.reproductions.pool import pool
from nas.terminal.reproduction import pool as pooled_view
from nas.terminal.reproduction import reproduction
from tests.reproductions.records import example, tuned_example
from tests.terminal.conftest import Draw


@pytest.mark.parametrize("unicode", [True, False])
def test_everything_stands_on_80_columns(draw: Draw, unicode: bool) -> None:
    lines = draw(reproduction(example(0)), unicode=unicode, height=100)
    assert all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    for words in (
        "reproduce swish",
        "Swish > ReLU",
        "+0.7",
        "supported",
        "x*sigmoid(s*x)",
        "Swish met after 20",
    ):
        assert words in text
    assert "probability 0.21" in " ".join(text.split())
    row = next(line for line in lines if line.startswith("a search finds Swish"))
    assert row.split()[-1] == "supported"


def test_a_comparison_alone_has_no_search(draw: Draw) -> None:
    text = "\n".join(draw(reproduction(example(0) | {"search": None}), height=100))
    assert "looked for" not in text
    assert "cosid > ReLU" in text


@pytest.mark.parametrize("unicode", [True, False])
def test_candidates_with_settings_stand_with_their_rates(draw: Draw, unicode: bool) -> None:
    lines = draw(reproduction(tuned_example(0)), unicode=unicode, height=100)
    assert all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    row = next(line for line in lines if line.startswith("ReLU He")).split()
    assert row[:6] == ["ReLU", "He", "0.01", "3", "of", "3"]
    assert next(line for line in lines if line.startswith("ReLU Glorot")).split()[3:] == [
        "at", "no", "rate", "10.00", "±0.00" if unicode else "+-0.00",
    ]  # fmt: skip
    assert "each at the best of 2 learning rates" in " ".join(text.split())
    assert "counts as guessing" in " ".join(text.split())
    assert next(line for line in lines if line.startswith("ReLU He > Glorot")).split()[-1] == "supported"


def test_the_pooled_screen_has_every_seed(draw: Draw) -> None:
    data = pool([example(seed) for seed in (0, 1, 2)])
    lines = draw(pooled_view(data), height=100)
    assert all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    assert "median 20" in text
    for seed in (0, 1, 2):
        assert f"seed {seed}" in text
