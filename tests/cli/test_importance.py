"""`nas importance`, `nas spaces copy` and `nas describe regularization`."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path

import pytest
from optuna.distributions import CategoricalDistribution

from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.rows.regularizers import REGULARIZERS
from nas.runs.config import RunConfig
from nas.runs.store import Run
from tests.cli.conftest import Cli

INITS = CategoricalDistribution(["auto", "own"])
FIELDS = {"expression": "x", "name": None, "complexity": 1, "origin": "sampler"}


def made(folder: Path, trials: int) -> Run:
    run = Run.create(
        folder / "runs", RunConfig(name="first", trials=trials, protocol=Protocol(data="digits"))
    )
    rng = random.Random(2)
    for _ in range(trials):
        init = rng.choice(INITS.choices)
        number = run.begin({"init": init}, {"init": INITS}, FIELDS)
        score = 0.5 + 0.2 * (init == "own") + 0.02 * rng.random()
        run.finish(number, {"outcome": Outcome.FINISHED, "val_accs": (score,)})
    return run


def test_a_decision_that_mattered_is_named_and_json_is_pure(cli: Cli, here: Path) -> None:
    made(here, 14)
    done = cli("importance", "first")
    assert done.code == 0, done.err
    assert "mattered, below p = 0.05: init" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    got = json.loads(cli("importance", "first", "--format", "json").out)
    (row,) = got["decisions"]
    assert (row["name"], row["n"], row["best"]["option"], got["trials"]) == ("init", 14, "own", 14)
    assert row["share"] > 0.5
    assert got["pairs"] == []


def test_a_run_that_decided_nothing_says_so(cli: Cli, here: Path) -> None:
    made(here, 0)
    done = cli("importance", "first")
    assert done.code == 2
    assert "decided" in done.err


def test_a_space_is_copied_under_its_new_name_and_never_over_a_file(cli: Cli, here: Path) -> None:
    done = cli("spaces", "copy", "joint", "my.toml")
    assert done.code == 0, done.err
    assert "nas search --space my.toml" in done.err
    own = (here / "my.toml").read_text(encoding="utf-8")
    assert own.startswith("# Everything")
    listed = [json.loads(cli("spaces", name, "--format", "json").out) for name in ("joint", "my.toml")]
    assert [one["space"].pop("name") for one in listed] == ["joint", "my"]
    assert listed[0] == listed[1]
    again = cli("spaces", "copy", "acon", "my.toml")
    assert again.code == 2
    assert "already" in again.err
    assert (here / "my.toml").read_text(encoding="utf-8") == own


def test_a_copy_of_a_copy_keeps_a_name_that_no_space_can_change(cli: Cli, here: Path) -> None:
    assert cli("spaces", "copy", "acon", "one.toml").code == 0
    assert cli("spaces", "copy", "one.toml", "a b.toml").code == 0
    assert tomllib.loads((here / "a b.toml").read_text(encoding="utf-8"))["name"] == "one"


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("acon",), "Missing argument"),
        (("akon", "x.toml"), "did you mean acon"),
        (("acon", "acon"), "acon.toml"),
        (("acon", "none/x.toml"), "cannot be written"),
    ],
)
def test_a_wrong_copy_is_refused_and_leaves_nothing(
    cli: Cli, here: Path, words: tuple[str, ...], cure: str
) -> None:
    done = cli("spaces", "copy", *words)
    assert done.code == 2
    assert cure in done.err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", REGULARIZERS)
def test_every_regularizer_is_explained_with_the_bounds_of_its_fields(cli: Cli, name: str) -> None:
    done = cli("describe", "regularization", name)
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    got = json.loads(cli("describe", "regularization", name, "--format", "json").out)
    assert [field["name"] for field in got["fields"]] == list(REGULARIZERS[name].fields)
    assert all(field["range"] and field["meaning"] for field in got["fields"])


def test_bounds_and_defaults_are_those_of_the_recipe(cli: Cli) -> None:
    rows = json.loads(cli("describe", "regularization", "--format", "json").out)
    of = {field["name"]: field for row in rows for field in row["fields"]}
    assert of["dropout"]["range"] == ">= 0, < 1"
    assert of["decay"]["range"] == "own or coupled or decoupled"
    assert of["flip"]["by_data"] == {"digits": False}
    assert "regularizer of this name" in cli("describe", "regularization", "dropuot").err
