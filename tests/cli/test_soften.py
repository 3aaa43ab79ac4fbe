"""`nas soften` as people and programs use it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nas.cli.main import WRONG_INPUT, run
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse

KEYS = [
    "expression",
    "expression_name",
    "soft",
    "latex",
    "name",
    "related",
    "beta",
    "steps",
    "derivative_bounds",
    "limit_infinity",
    "limit_zero",
    "max_gap",
]


def softened(capsys: pytest.CaptureFixture[str], text: str) -> dict[str, object]:
    assert run(["soften", text, "--format", "json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_leaky_relu_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    facts = softened(capsys, "max(x, 0.25*x)")
    assert list(facts) == KEYS
    assert facts["name"] == "ACON-B (p = 0.25)"
    assert facts["expression_name"] == "leaky ReLU (slope = 0.25)"
    assert (facts["limit_infinity"], facts["limit_zero"]) == ("max(x, 0.25*x)", "0.625*x")
    assert facts["max_gap"] == pytest.approx(0.278465, abs=1e-6)
    x = np.linspace(-6, 6, 101)
    soft = evaluate(parse(str(facts["soft"])), x, {"beta": 1.3})
    by_hand = (x * np.exp(1.3 * x) + 0.25 * x * np.exp(0.325 * x)) / (np.exp(1.3 * x) + np.exp(0.325 * x))
    np.testing.assert_allclose(soft, by_hand, rtol=1e-12, atol=1e-14)
    (bounds,) = facts["derivative_bounds"]  # type: ignore[misc]
    assert bounds["beta"] is None
    assert bounds["high"] == pytest.approx(1.0998 - 0.0998 * 0.25, abs=1e-4)
    assert bounds["low"] == pytest.approx(1.0998 * 0.25 - 0.0998, abs=1e-4)
    assert [set(step) for step in facts["steps"]] == [{"rule", "formula"}] * 6  # type: ignore[attr-defined]


def test_a_relative_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    facts = softened(capsys, "min(x, 0)")
    assert (facts["name"], facts["related"]) == (None, "-Swish(-x)")


def test_what_is_unknown_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    facts = softened(capsys, "max(x, 0)^2")
    assert facts["max_gap"] is None
    assert facts["name"] is None
    assert [bounds["high"] for bounds in facts["derivative_bounds"]] == [None] * 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text", ["-max(x, -1)", "relu6", "hard Swish", "max(x, 0.5*x, -1)", "max(x, p*x)", "prelu"]
)
def test_the_sheet_fits_and_draws_both(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert run(["soften", text]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].endswith(", made soft")
    assert [label in lines[-1] for label in ("hard", "beta = 1 ", "beta = 4 ", "beta = 16")] == [True] * 4
    assert "\x1b" not in shown.out
    assert any(line.startswith("slope") for line in lines)
    assert any("beta -> inf" in line for line in lines)


@pytest.mark.parametrize("text", ["tanh(x)", "sign(x)", "max(x,", "step"])
def test_what_cannot_be_softened_is_refused(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert run(["soften", text]) == WRONG_INPUT
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("nas: error: ")
    assert "Traceback" not in shown.err
