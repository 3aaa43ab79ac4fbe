"""What mattered in a search, on paper of any width."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from nas.analysis.importance import Decision, Fall, Importance, Option, Pair
from nas.terminal.importance import importance
from tests.terminal.conftest import Draw

GOOD, BAD = Option("sigmoid(x1)*x2", 0.6123, 14), Option("x1 + x2", 0.4, 9)
FOUND = Importance(
    (
        Decision("recipe.label_smoothing", 0.4321, 0.21, 0.6, 0.0003, 71, GOOD, BAD),
        Decision("init", None, None, None, None, 2, GOOD, BAD),
    ),
    tuple(
        Pair("init", f"core_unit.{i}.unary1", 0.1, 0.03 if i == 1 else 1.0, 71, GOOD) for i in range(1, 15)
    ),
    (Fall("optimizer.rule", "lion", 3, 7, 0.002),),
    trials=71,
    pruned=4,
    diverged=3,
    untested=5,
    note="an association is no cause",
)


@pytest.mark.parametrize("width", [40, 80, 130])
@pytest.mark.parametrize("unicode", [True, False])
def test_it_fits_any_paper(draw: Draw, width: int, unicode: bool) -> None:
    lines = draw(importance(FOUND, title="first"), width, unicode=unicode)
    assert max(map(cell_len, lines)) <= width
    assert unicode or "".join(lines).isascii()


def test_all_of_it_is_said_at_80_columns(draw: Draw) -> None:
    lines = draw(importance(FOUND, title="first"), 80)
    words = " ".join(" ".join(lines).split())
    assert "71 finished trials · 3 diverged · 4 pruned" in words
    assert "recipe.label_smoothing 43.2 21.0 to 60.0 3e-4 71" in words
    assert "recipe.label_smoothing 61.23 (14) sigmoid(x1)*x2 40.00 (9) x1 + x2" in words
    assert "init – – – 2" in words
    assert "optimizer.rule lion 3 of 7 0.002" in words
    assert "mattered, below p = 0.05: recipe.label_smoothing, init together with core_unit.1.unary1" in words
    assert "pairs: 10 of 14 shown; 5 more" in words
    assert FOUND.note in words


def test_nothing_is_claimed_where_nothing_can_be_told(draw: Draw) -> None:
    unsure = Decision("init", 0.1, 0.0, 0.3, 0.2, 30, GOOD, BAD)
    untold = FOUND.decisions[1]
    for decision, verdict in ((unsure, "told from chance at"), (untold, "too few trials have finished")):
        alone = Importance((decision,), (), (), 30, 0, 0, 0, "")
        lines = draw(importance(alone, title="first"), 130)
        assert any(verdict in line for line in lines)
        assert not any("mattered" in line or "pairs:" in line for line in lines)
