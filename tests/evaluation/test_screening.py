"""What is screened before training, and above all what is not."""

from __future__ import annotations

import pytest

from nas.evaluation.screening import reason_to_screen
from nas.rows.baselines import BASELINES
from nas.symbolic.catalogue import CATALOGUE
from nas.symbolic.parse import parse


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3", "constant"),
        ("x/x", "constant"),
        ("sin(x)^2 + cos(x)^2", "constant"),
        ("sqrt(x)", "not finite in float32 at x = -"),
        ("log(x)", "not finite"),
        ("1/sqrt(x^2 - 4)", "not finite"),
        ("exp(exp(exp(x)))", "not finite"),
        ("exp(5*x)", "as large as"),
        ("sign(x)", "flat"),
        ("max(x - 9, 0)", "constant"),
        ("max(x - 3, 0)", "flat"),
    ],
)
def test_hopeless_candidates_are_screened_with_the_reason(text: str, reason: str) -> None:
    assert reason in (reason_to_screen(parse(text)) or "")


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_are_worth_training(name: str) -> None:
    assert reason_to_screen(parse(name)) is None


@pytest.mark.parametrize(
    "text", ["x", "1/(x + 0.3)", "x^3", "abs(x)", "exp(-x^2)", "beta*x", "log(abs(x) + 1e-7)"]
)
def test_the_merely_odd_are_tried(text: str) -> None:
    assert reason_to_screen(parse(text)) is None


def test_nothing_of_the_literature_is_screened_but_step_functions() -> None:
    screened = {row.name for row in CATALOGUE.values() if reason_to_screen(parse(row.text)) is not None}
    assert len(screened) <= 3, screened
