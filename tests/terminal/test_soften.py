"""The derivation of a soft function on paper of any width."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from nas.terminal.soften import Softening, softening
from tests.terminal.conftest import Draw

X = np.linspace(-4, 4, 201)
STEPS = [("the pieces of max(x, 0)", "g = x, h = 0"), ("put in the pieces", "x*sigmoid(beta*x)")]


def relu(**others: object) -> Softening:
    soft = [(f"beta = {b}", X / (1 + np.exp(-b * X))) for b in (1, 4, 16)]
    values: dict[str, object] = {
        "hard": "max(x, 0)",
        "steps": STEPS,
        "facts": [("soft", "x*sigmoid(beta*x)"), ("name", "Swish")],
        "x": X,
        "curves": [("hard", np.maximum(X, 0)), *soft],
    }
    return Softening(**(values | others))


@pytest.mark.parametrize("width", [30, 80, 130])
@pytest.mark.parametrize("unicode", [True, False])
def test_steps_facts_and_four_curves(draw: Draw, width: int, unicode: bool) -> None:
    lines = draw(softening(relu()), width, unicode=unicode)
    assert max(map(cell_len, lines)) <= width
    assert lines[0] == "max(x, 0), made soft"
    assert lines[2:6] == [
        "1.  the pieces of max(x, 0)",
        "    g = x, h = 0",
        "2.  put in the pieces",
        "    x*sigmoid(beta*x)",
    ]
    assert "name  Swish" in lines
    assert unicode or "".join(lines).isascii()
    if width >= 80:
        assert [part for part in lines[-1].split("   ") if "=" in part] != []
        assert lines[-1].count("beta = ") == 3


def test_a_long_step_flows_below_its_number(draw: Draw) -> None:
    rule = "min(x/6 + 0.5, 1) = -max(-x/6 - 0.5, -1): as a maximum, with -beta for beta"
    lines = draw(softening(relu(steps=[(rule, "x + " * 30 + "1")])), 60)
    assert lines[2].startswith("1.  min(x/6")
    body = lines[3 : lines.index("", 3)]
    assert all(line.startswith("    ") and cell_len(line) <= 60 for line in body)
    assert " ".join(line.strip() for line in [lines[2][4:], *body]) == f"{rule} {'x + ' * 30}1"
