"""The benchmark of a rule's step measures what it says. Never a time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from nas.optimizers.rule_step import RuleStep
from nas.rules.rule import read
from tests.benchmarks import rules
from tests.benchmarks.rules import RULES, measure, parameters

CPU = torch.device("cpu")


def test_the_parameters_are_those_of_resnet20_with_gradients_in_their_layout() -> None:
    found = parameters(CPU, 16)
    assert sum(parameter.numel() for parameter in found) == 269_722
    assert all(p.grad is not None and p.grad.stride() == p.stride() for p in found)


@pytest.mark.parametrize("name", [name for name, (_, theirs) in RULES.items() if theirs is not None])
def test_both_sides_do_the_same_step(name: str) -> None:
    formula, theirs = RULES[name]
    assert theirs is not None
    ours, others = parameters(CPU, 2), parameters(CPU, 2)
    decay = 0.01 if "weight_decay" in theirs[1] else 0.0
    rule = RuleStep(read(formula), ours, [], decay=decay, decoupled=True, native=False)
    torch_rule = getattr(torch.optim, theirs[0])(others, lr=1e-2, **theirs[1])
    for _ in range(3):
        rule.step(1e-2)
        torch_rule.step()
    for a, b in zip(ours, others, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_a_measurement_has_times_and_ratios() -> None:
    row = measure("momentum", CPU, 2, rounds=4)
    assert row.torch == "SGD (fused)"
    assert min(row.fused_us, row.eager_us, row.torch_us or 0) > 0
    assert row.quartiles is not None
    assert row.quartiles[0] <= (row.fused_over_torch or 0) <= row.quartiles[1]
    assert measure("lion", CPU, 2, rounds=2).fused_over_torch is None


def test_the_command_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object) -> None:
    monkeypatch.setattr(rules, "RULES", {"sgd": RULES["sgd"]})
    record = tmp_path / "rules.json"
    monkeypatch.setattr(sys, "argv", ["rules", "--width", "2", "--rounds", "3", "--record", str(record)])
    rules.main()
    found = json.loads(record.read_text())
    assert found["rules"][0]["rule"] == "sgd"
    assert found["worst_over_torch"] == found["rules"][0]["fused_over_torch"]
    assert "cpu" in found["machine"]
