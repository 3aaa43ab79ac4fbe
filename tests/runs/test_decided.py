"""Decisions as they are read from the tables of a study, against Optuna's own reading."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from nas.errors import RunError
from nas.outcomes import Outcome
from nas.runs.decided import Decided
from nas.runs.store import Run

FIELDS = {"expression": "x", "name": None, "complexity": 1, "origin": "sampler"}
DISTRIBUTIONS = {
    "unary": CategoricalDistribution(["x", "tanh(x)", "x^2"]),
    "flip": CategoricalDistribution([True, False]),
    "depth": CategoricalDistribution([1, 2]),
    "lr": FloatDistribution(1e-3, 0.7, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
}


def test_a_run_without_trials_has_no_decisions(run: Run) -> None:
    assert run.decisions() == {}


def test_every_kind_of_decision_is_read_as_optuna_reads_it(run: Run) -> None:
    first = {"unary": "x^2", "flip": False, "depth": 2, "lr": 0.0123, "dropout": 0.21}
    number = run.begin(first, DISTRIBUTIONS, FIELDS)
    run.finish(number, {"outcome": Outcome.FINISHED, "val_accs": (0.5,)})
    run.begin({}, {}, FIELDS)
    run.begin({"lr": 0.7}, {"lr": DISTRIBUTIONS["lr"]}, FIELDS)
    found = run.decisions()
    for trial in run.study().get_trials():
        assert {name: one.value for name, one in found.get(trial.number, {}).items()} == trial.params
    assert set(found) == {number, number + 2}
    assert found[number]["unary"] == Decided("x^2", ("x", "tanh(x)", "x^2"))
    assert found[number]["lr"] == Decided(0.0123, (), 1e-3, 0.7, log=True)
    assert type(found[number]["flip"].value) is bool


def test_a_damaged_decision_is_an_error_that_names_the_trial(run: Run) -> None:
    run.begin({"lr": 0.7}, {"lr": DISTRIBUTIONS["lr"]}, FIELDS)
    for damage in ('{"name": "Other", "attributes": {}}', "{", '{"name": "x"}', "[]"):
        with closing(sqlite3.connect(run.path / "study.db")) as connection:
            connection.execute("UPDATE trial_params SET distribution_json = ?", [damage])
            connection.commit()
        with pytest.raises(RunError, match="trial 0"):
            run.decisions()
