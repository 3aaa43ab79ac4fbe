"""The loop: budgets, duplicates, screening, baselines, crash and resume, reproducibility."""

from __future__ import annotations

import dataclasses
import random
import time
from itertools import combinations
from typing import Any

import optuna
import pytest
import torch

from nas.errors import SpaceError
from nas.evaluation.checkpoint import best_trial, load_network
from nas.evaluation.objective import Evaluator
from nas.outcomes import Outcome
from nas.rows.baselines import BASELINES
from nas.rows.samplers import SAMPLERS
from nas.runs.records import TrialRecord
from nas.symbolic.fingerprint import same_function
from nas.symbolic.parse import parse
from nas.training.loop import evaluate
from tests.search.conftest import SMALL, Searching


def _trained(records: list[TrialRecord]) -> list[TrialRecord]:
    return [r for r in records if r.outcome is not Outcome.SCREENED]


def _facts(records: list[TrialRecord]) -> list[dict[str, object]]:
    """What must be equal between two runs: everything but time."""
    curves = [[[dataclasses.replace(e, seconds=0) for e in c] for c in r.curves] for r in records]
    return [
        {**dataclasses.asdict(dataclasses.replace(r, seconds=0, curves=())), "curves": c}
        for r, c in zip(records, curves, strict=True)
    ]


@pytest.mark.parametrize(
    "sampler",
    ["tpe", *(pytest.param(name, marks=pytest.mark.slow) for name in SAMPLERS if name != "tpe")],
)
def test_every_sampler_spends_the_budget_on_distinct_functions(searching: Searching, sampler: str) -> None:
    ending, run, watcher = searching(sampler=sampler, trials=4)
    records = run.records()
    assert ending == "trials"
    assert len(_trained(records)) == 4
    assert watcher.records == records
    assert {r.origin for r in records} == {"sampler"}
    assert {r.n_seeds for r in records if r.outcome is Outcome.FINISHED} == {2}
    for a, b in combinations(records, 2):
        assert not same_function(parse(a.expression), parse(b.expression))


@pytest.mark.parametrize(
    "sampler",
    ["tpe", *(pytest.param(name, marks=pytest.mark.slow) for name in SAMPLERS if name != "tpe")],
)
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_search_cut_off_twice_equals_one_that_was_not(
    searching: Searching, sampler: str, workers: int
) -> None:
    settings: dict[str, Any] = {"sampler": sampler, "trials": 4, "threads": workers, "workers": workers}
    _, whole, _ = searching("whole", **settings)
    assert searching("cut", stop_after=1, **settings)[0] is None
    assert searching("cut", stop_after=3)[0] is None
    ending, cut, _ = searching("cut")
    assert ending == "trials"
    assert _facts(cut.records()) == _facts(whole.records())


class _Uneven:
    """An evaluator whose trainings take as long as chance will have it."""

    def __init__(self, evaluator: Evaluator, seed: int) -> None:
        self._evaluator, self._draw = evaluator, random.Random(seed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._evaluator, name)

    def evaluate(self, *given: Any, **named: Any) -> Any:
        time.sleep(self._draw.choice([0.0, 0.0, 0.3]))
        return self._evaluator.evaluate(*given, **named)


@pytest.mark.slow
def test_side_by_side_nothing_depends_on_who_is_quicker(searching: Searching, evaluator: Evaluator) -> None:
    """TPE proposes the same, and equals one training at a time where proposals need no results."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # of the one at a time; sums depend on it
    found = {}
    for name, sampler, workers in [("a", "tpe", 2), ("b", "tpe", 2), ("c", "random", 3), ("d", "random", 1)]:
        _, run, watcher = searching(
            name,
            evaluator=_Uneven(evaluator, len(found)),
            sampler=sampler,
            trials=6,
            threads=workers,
            workers=workers,
        )
        found[name] = _facts(run.records())
        assert sorted(r.number for r in watcher.records) == [r.number for r in run.records()]
    torch.set_num_threads(threads)
    assert found["a"] == found["b"]
    assert found["c"] == found["d"]


@pytest.mark.slow
def test_an_exhausted_space_ends_the_search(searching: Searching) -> None:
    """25 x 2 writings of 5 unary primitives; sqrt is screened, the rest is what sets of functions remain."""
    ending, run, _ = searching(trials=1000, data={**SMALL, "activation": {"core_unit": {
        "unary": ["x", "-x", "tanh(x)", "sqrt(x)"], "binary": ["x1 + x2"]}}})  # fmt: skip
    assert ending == "exhausted"
    texts = {r.expression for r in _trained(run.records())}
    # x + x, -x - x, tanh + tanh, x + tanh, tanh - x (x - x is constant)
    assert len(texts) == 5
    screened = [r for r in run.records() if r.outcome is Outcome.SCREENED]
    assert all(r.reason for r in screened)
    assert any(r.reason == "constant" for r in screened)


def test_baselines_come_first_and_own_functions_next(searching: Searching) -> None:
    ending, run, watcher = searching(
        baselines=BASELINES, own=("x*sigmoid(x)", "max(0, x)", "sqrt(x)"), trials=2
    )
    records = run.records()
    assert ending == "trials"
    assert [r.baseline for r in records] == [True] * len(BASELINES) + [False] * (
        len(records) - len(BASELINES)
    )
    assert [r.name for r in records[: len(BASELINES)]] == [
        "ReLU",
        "leaky ReLU",
        "ELU",
        "GELU",
        "Swish",
        "Mish",
    ]
    own = [r for r in records if r.origin == "own"]
    assert [(r.expression, r.outcome.value) for r in own] == [
        ("x*sigmoid(x)", "finished"),
        ("sqrt(x)", "screened"),
    ]
    assert any("same function as trial 0" in n for n in watcher.notices)
    assert any("not worth training" in n for n in watcher.notices)
    assert len([r for r in _trained(records) if not r.baseline]) == 2


def test_the_study_is_optunas_own(searching: Searching) -> None:
    _, run, _ = searching(trials=2)
    study = optuna.load_study(study_name="nas", storage=f"sqlite:///{run.path / 'study.db'}")
    best = max(r.val_acc for r in run.records() if r.val_acc is not None)
    assert study.best_value == best
    assert study.direction is optuna.study.StudyDirection.MAXIMIZE
    assert "core_unit.1.unary1" in study.best_trial.params


def test_the_best_network_is_kept_and_loads(searching: Searching, evaluator) -> None:  # type: ignore[no-untyped-def]
    _, run, _ = searching(trials=3)
    number = best_trial(run)
    assert [p.name for p in run.checkpoints.iterdir()] == [f"trial-{number}.pt"]
    network = load_network(run)
    _, accuracy = evaluate(network, evaluator.data)
    record = next(r for r in run.records() if r.number == number)
    assert accuracy == record.val_accs[0]


def test_a_range_of_the_recipe_is_a_dimension(searching: Searching) -> None:
    data = {**SMALL, "recipe": {"lr": {"low": 0.01, "high": 0.2, "log": True}}}
    _, run, _ = searching(data=data, trials=3)
    rates = [r.settings["lr"] for r in _trained(run.records())]
    assert len(set(rates)) == 3
    assert all(0.01 <= rate <= 0.2 for rate in rates)
    with pytest.raises(SpaceError, match="endless"):
        searching("b", data=data, sampler="exhaustive")


def test_time_is_a_budget(searching: Searching) -> None:
    ending, run, _ = searching(trials=None, time_seconds=0.001, own=("relu",))
    assert ending == "time"
    assert run.records() == []
