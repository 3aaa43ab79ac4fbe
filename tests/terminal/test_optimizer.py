"""The list of update rules and one of them explained, on paper of any width."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from nas.rows.optimizers import OPTIMIZERS
from nas.terminal.landscape import Landscape
from nas.terminal.optimizer import Described, Rival, Walk, description, listing
from tests.terminal.conftest import Draw


def described(name: str) -> Described:
    land = Landscape((-1.0, 1.0, -1.0, 1.0), np.ones((9, 9)), [[0.5, 0.5], [0.0, 0.0]], (0.0, 0.0))
    return Described(
        OPTIMIZERS[name],
        [("weight decay", "both forms are the same")],
        [Walk("quadratic", 0.1, 35, land), Walk("rosenbrock", 0.003, None, land)],
        [
            Rival("newton", [(1.0, 1, 3), (1.0, 5, 15)]),
            Rival(name, [(0.1, 35, 35), (0.003, None, None)]),
        ],
        "five learning rates each",
    )


@pytest.mark.parametrize("width", [40, 80, 130])
@pytest.mark.parametrize("unicode", [True, False])
def test_every_rule_is_listed_whole(draw: Draw, width: int, unicode: bool) -> None:
    lines = draw(listing(OPTIMIZERS), width, unicode=unicode)
    assert max(map(cell_len, lines)) <= width
    words = " ".join(" ".join(lines).split())
    for rule in OPTIMIZERS.values():
        assert any(line.startswith(f"{rule.name} ") for line in lines)
    for part in ("Adam without m, with v as the product", "needs the curvature; keeps nothing; own"):
        assert width < 80 or all(word in words for word in part.split())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_is_explained_with_all_that_its_row_has(draw: Draw, name: str) -> None:
    lines = draw(description(described(name)), 80)
    assert max(map(cell_len, lines)) <= 80
    words = "".join("".join(lines).split())
    rule = OPTIMIZERS[name]
    for part in (rule.summary[:40], rule.formula, rule.form, *(row.meaning for row in rule.hyper)):
        assert "".join(part.split()) in words
    assert "quadratic: lr 0.1, 35 steps" in "\n".join(lines)
    assert "rosenbrock: lr 0.003, not reached" in "\n".join(lines)
    assert lines[-1] == "five learning rates each"
    ours = next(line for line in lines if line.startswith(f"{name} ") and "35" in line)
    assert ours.split() == [name, "35", "35", "0.1", "–", "–", "0.003"]


@pytest.mark.parametrize("width", [30, 50, 130])
@pytest.mark.parametrize("unicode", [True, False])
def test_it_fits_any_paper(draw: Draw, width: int, unicode: bool) -> None:
    lines = draw(description(described("nadam")), width, unicode=unicode)
    assert max(map(cell_len, lines)) <= width
    assert unicode or "".join(lines).isascii()
    side_by_side = any("quadratic:" in line and "rosenbrock:" in line for line in lines)
    assert side_by_side is (width >= 70)
