"""`nas compare` and `nas power`, for real on the digits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

SMALL = ["--data", "digits", "--width", "2", "--epochs", "1", "--train-size", "200", "--val-size", "100"]
KEYS = ["a", "b", "difference", "ci_low", "ci_high", "p", "p_holm", "n_seeds", "verdict"]


@pytest.mark.slow
def test_a_comparison_from_its_training_to_its_plan(cli: Cli, here: Path) -> None:
    command = ["compare", "relu", "-tanh(x)", "max(0, x)", "--seeds", "3", "--name", "c", *SMALL]
    done = cli(*command, "--format", "json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    pairs = {(pair["a"], pair["b"]): pair for pair in result["pairs"]}
    assert list(pairs) == [("relu", "-tanh(x)"), ("relu", "max(0, x)"), ("-tanh(x)", "max(0, x)")]
    same = pairs["relu", "max(0, x)"]
    assert (same["difference"], same["p"], same["verdict"]) == (0, 1, "the same function")
    first = pairs["relu", "-tanh(x)"]
    assert first["difference"] == pytest.approx(-pairs["-tanh(x)", "max(0, x)"]["difference"])
    assert first["n_seeds"] == 3
    assert result["protocol"]["seeds"] == 3
    assert list(first)[:9] == KEYS

    plan = json.loads(cli("power", "c", "--difference", "0.5", "--format", "json").out)
    assert plan["pairs"] == 1
    assert plan["rows"][0]["difference"] == 0.005
    assert plan["rows"][0]["low"] <= plan["rows"][0]["seeds"] <= plan["rows"][0]["high"]
    assert "paired seeds" in cli("power", "c").out
    assert "finished" in cli("resume", "c").err

    # a trial is compared under its own protocol and fresh seeds
    again = cli("compare", "c:1", "softplus(x)", "--seeds", "2", "--name", "d")
    assert again.code == 0, again.err
    assert "c:1" in again.out
    assert "p Holm" in again.out
    config = (here / "runs" / "d" / "config.toml").read_text(encoding="utf-8")
    assert "train_size = 200" in config
    assert "\nseed = 1\n" in config


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare", "relu"], "two candidates"),
        (["compare", "relu", "nowhere:3"], "nowhere"),
        (["compare", "relu", "tanh(y)"], "y"),
        (["compare", "relu", "tanh", "--margin", "0"], "margin"),
        (["power", "nowhere"], "nowhere"),
    ],
)
def test_wrong_input(cli: Cli, here: Path, words: list[str], said: str) -> None:
    done = cli(*words)
    assert done.code == 2
    assert said in done.err
    assert not list(here.iterdir())
