"""The yardstick measures what it says: the same functions on both sides, honest counts. Never a time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nas.architectures.library import build
from nas.spaces import library
from nas.symbolic.numeric import evaluate, evaluate_tree
from nas.symbolic.parse import parse
from tests.benchmarks import plain_search, yardstick
from tests.benchmarks.yardstick import Measurement, total

X = np.array([-2.7, -1.31, -0.43, -0.012, 0.0071, 0.59, 1.23, 3.9])
Y = np.array([0.83, -1.7, 2.2, 0.41, -0.9, -0.0063, 1.9, 1.1])
TINY = {"trials": 2, "epochs": 1, "width": 2, "train_size": 256, "val_size": 100, "seed": 3}


@pytest.fixture
def cifar10(tmp_path: Path) -> Path:
    """Noise in CIFAR-10's binary format."""
    random = np.random.default_rng(0)
    for name in ("data_batch_1.bin", "data_batch_5.bin"):
        records = random.integers(0, 256, (10_000, 3073), dtype=np.uint8)
        records[:, 0] %= 10
        records.tofile(tmp_path / name)
    return tmp_path


def test_the_plain_loop_has_the_unary_functions_of_the_space() -> None:
    core_unit = library.read("yardstick").activation.core_unit
    assert core_unit is not None
    ours = [evaluate(parse(text), X) for text in core_unit.unary]
    plain = [f(torch.from_numpy(X)).numpy() for f in plain_search.UNARY.values()]
    np.testing.assert_allclose(ours, plain, rtol=1e-12)


def test_the_plain_loop_has_the_binary_functions_of_the_space() -> None:
    core_unit = library.read("yardstick").activation.core_unit
    assert core_unit is not None
    values = {"x1": X, "x2": Y}
    ours = [evaluate_tree(parse(text, ("x1", "x2")).tree, X, values) for text in core_unit.binary]
    plain = [f(torch.from_numpy(X), torch.from_numpy(Y)).numpy() for f in plain_search.BINARY.values()]
    np.testing.assert_allclose(ours, plain, rtol=1e-12)


def test_the_network_is_the_small_one_of_the_same_width() -> None:
    plain = plain_search.network(torch.nn.ReLU, 8)
    ours = build("small", channels=3, size=32, classes=10, width=8, activation=lambda _: torch.nn.ReLU())
    shapes = [sorted(tuple(p.shape) for p in net.parameters()) for net in (plain, ours)]
    assert shapes[0] == shapes[1]


def test_the_plain_loop_counts_the_images_it_trains_on(cifar10: Path) -> None:
    result = plain_search.search(cifar10, **TINY)
    assert result["train_images"] == 2 * 1 * 256
    trials = result["trials"]
    assert isinstance(trials, list)
    assert all(
        u1 in plain_search.UNARY and b in plain_search.BINARY and 0 <= accuracy <= 1
        for u1, _, b, accuracy, _ in trials
    )


def test_rates_and_sums() -> None:
    both = total([Measurement(20, 1_200_000, 300.0, 0.5), Measurement(20, 600_000, 100.0, 0.6)])
    assert both.trials_per_hour == pytest.approx(40 * 9)
    assert both.images_per_second == pytest.approx(4500)
    assert both.best_val_acc == 0.6


@pytest.mark.slow
def test_both_sides_run_and_are_compared(
    cifar10: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [f"--{key.replace('_', '-')}={value}" for key, value in TINY.items()]
    monkeypatch.setattr(sys, "argv", ["yardstick", f"--data-dir={cifar10}", "--format=json", *options])
    yardstick.main()
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert [line.split(": ")[0] for line in err.splitlines()] == ["round 1, plain", "round 1, nas"]
    for side in ("plain", "nas"):
        raw = result[side]
        assert raw["trials"] == 2
        assert raw["trials_per_hour"] == pytest.approx(3600 * 2 / raw["seconds"])
        assert raw["images_per_second"] == pytest.approx(raw["train_images"] / raw["seconds"])
    for rate, ratio in result["ratios"].items():
        assert ratio == pytest.approx(result["nas"][rate] / result["plain"][rate])
    assert "trials per hour" in yardstick.table(result)
