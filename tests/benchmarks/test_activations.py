"""The list of candidates is what it is said to be, and the benchmark measures what it says. Never a time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from nas.activations.module import Activation
from nas.symbolic.parse import parse
from tests.benchmarks import activations
from tests.benchmarks.activations import Measured, candidates, composite, measure, operations, saved, summary

CPU = torch.device("cpu")


def test_thirty_different_candidates_from_simple_to_three_core_units() -> None:
    found = candidates()
    assert len({e.text for e in found}) == len(found) == 30
    counts = [operations(e) for e in found]
    assert sum(count >= activations.MANY_OPERATIONS for count in counts) >= 15
    assert min(counts) == 1
    assert max(counts) >= 11, "three binary functions of two unary ones each, and two that join them"
    assert sum(bool(e.parameters) for e in found) >= 5


def test_operations_are_counted_as_they_stand() -> None:
    assert operations(parse("max(x, 0)")) == 1
    assert operations(parse("x*sigmoid(beta*x) + sin(x)")) == 5


@pytest.mark.parametrize("expression", candidates()[::5], ids=str)
def test_the_composite_is_the_same_function(expression: object) -> None:
    module = Activation(expression, 4)  # type: ignore[arg-type]
    x = torch.randn(2, 4, 3, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    ours, theirs = module(x), composite(module.expression, x, list(module.parameters()))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    slopes = [torch.autograd.grad(y.sum(), x)[0] for y in (ours, theirs)]
    torch.testing.assert_close(*slopes, rtol=1e-3, atol=1e-4)


def test_kept_tensors_are_counted_once_each() -> None:
    x = torch.randn(2, 4, 3, 3, requires_grad=True)
    assert saved(lambda: x * x.sigmoid(), x) == 2
    assert saved(lambda: Activation(parse("x*sigmoid(beta*x)"), 4)(x), x) == 1


def test_figures_of_one_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE_DIR", str(tmp_path))
    row = measure(parse("max(x, tanh(x))*sigmoid(x) - exp(-x^2)"), 2**15, CPU, rounds=1)
    assert row.saved == 1 < row.saved_composite
    assert row.operations == 8
    assert min(row.compiled_ms, row.composite_ms, row.silu_ms) > 0
    assert row.compile_seconds is None or row.compile_seconds > (row.load_seconds or 0)


def test_means_are_geometric_and_of_the_right_rows() -> None:
    rows = [
        Measured("a", 1, 2.0, 4.0, 1.0, 1, 1, 0.1, 0.001),
        Measured("b", 4, 8.0, 64.0, 1.0, 1, 5, 0.3, 0.003),
    ]
    sums = summary(rows)
    assert sums["compiled_over_silu"] == pytest.approx(4)
    assert sums["composite_over_compiled"] == pytest.approx(4)
    assert sums["composite_over_compiled_of_4_operations"] == pytest.approx(8)
    assert sums["compile_seconds"] == pytest.approx(0.2)


def test_the_command_prints_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NAS_CACHE_DIR", "")  # the command sets its own
    monkeypatch.setattr(activations, "candidates", lambda: [parse("relu"), parse("beta*tanh(x)")])
    monkeypatch.setattr(sys, "argv", ["activations", "--elements=32768", "--rounds=1", "--format=json"])
    activations.main()
    result = json.loads(capsys.readouterr().out)
    assert result["summary"]["candidates"] == 2
    assert "/" not in result["command"]
    monkeypatch.setattr(sys, "argv", ["activations", "--elements=32768", "--rounds=1"])
    activations.main()
    assert "compiled over silu" in capsys.readouterr().out
