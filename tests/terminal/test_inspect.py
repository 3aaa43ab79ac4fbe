"""The sheet of one function."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from nas.terminal.inspect import Inspection, inspection
from tests.terminal.conftest import Draw

X = np.linspace(-4, 4, 201)
S = 1 / (1 + np.exp(-X))


def swish(**others: object) -> Inspection:
    values: dict[str, object] = {
        "text": "x*sigmoid(x)",
        "latex": r"x \sigma\left(x\right)",
        "derivative": "sigmoid(x) + x*sigmoid(x)*(1 - sigmoid(x))",
        "name": "Swish",
        "complexity": 4,
        "x": X,
        "f": X * S,
        "slope": S + X * S * (1 - S),
    }
    return Inspection(**(values | others))


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_all_facts_and_both_curves(draw: Draw, width: int, unicode: bool) -> None:
    lines = draw(inspection(swish(parameters="beta: one for each channel")), width, unicode=unicode)
    text = "\n".join(lines)
    assert max(map(cell_len, lines)) <= width
    assert lines[0] == "Swish"
    assert r"x \sigma\left(x\right)" in text
    assert "complexity  4 nodes" in text
    assert "beta: one for each channel" in text.replace("\n            ", " ")
    assert lines[-1].split()[1::2] == ["f(x)", "f'(x)"]


def test_a_function_without_a_name_and_without_finite_values(draw: Draw) -> None:
    lines = draw(inspection(swish(name=None, f=np.full_like(X, np.nan), slope=np.full_like(X, np.inf))))
    assert lines[0] == "x*sigmoid(x)"
    assert "name        none known" in lines
    assert "no value here is finite" in lines[-1]
