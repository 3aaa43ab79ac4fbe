"""Every rule has as many learning rates, over a range of its own."""

from __future__ import annotations

import pytest

from nas.errors import ExpressionError
from nas.rows import optimizers as rows
from nas.rules.rates import rates


@pytest.mark.parametrize("name", rows.OPTIMIZERS)
def test_a_named_rule_has_those_of_its_row(name: str) -> None:
    assert rates(name, 5) == rows.rates(name, 5)


def test_a_formula_has_those_of_its_steps() -> None:
    single = rates("sign(g)*1", 5)
    assert single == (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    assert rates("sign(g)*1", 1) == (1e-3,)
    assert rates("4*sign(g)", 5) == tuple(pytest.approx(lr / 4) for lr in single)
    assert rates("linear*g", 9)[4] == rates("linear*g", 1)[0]
    assert rates("g - g", 3) == (1e-4, 1e-2, 1), "a rule that does not move may have any"


def test_what_is_no_rule_has_none() -> None:
    with pytest.raises(ExpressionError):
        rates("sgdd", 3)
