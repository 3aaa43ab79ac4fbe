"""Rungs and races with real trainings: what is paid, what is kept; a cut-off search ends the same."""

from __future__ import annotations

import dataclasses
from typing import Any

import optuna
import pytest
import torch

from nas.datasets.images import Images
from nas.evaluation.checkpoint import best_trial
from nas.evaluation.objective import Evaluator
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.records import TrialRecord
from nas.search.ladder import expected_share
from nas.symbolic.parse import parse
from tests.evaluation.conftest import PROTOCOL
from tests.search.conftest import Searching

PER_EPOCH = 960  #: training images, 30 batches
SIZES = {"train_size": PER_EPOCH, "width": 4, "seeds": 1}
RECIPE = PROTOCOL.recipe.model_copy(update={"lr": 0.2})
WSD = RECIPE.model_copy(update={"schedule": "wsd", "cooldown": 0.25})
RUNGS = PROTOCOL.model_copy(update={**SIZES, "epochs": 4, "recipe": WSD, "rungs": (1, 2, 4)})


def _evaluator(images: Images, protocol: Protocol) -> Evaluator:
    return Evaluator(protocol, images, torch.device("cpu"))


def _facts(records: list[TrialRecord]) -> list[dict[str, Any]]:
    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if k != "seconds"}
        return [timeless(v) for v in value] if isinstance(value, list | tuple) else value

    return [timeless(dataclasses.asdict(r)) for r in records]


@pytest.fixture
def climbing(searching: Searching, images: Images) -> Searching:
    def go(name: str = "a", protocol: Protocol = RUNGS, **settings: Any):  # type: ignore[no-untyped-def]
        chosen = {"pruner": "halving", "reduction": 2, "trials": 5, "sampler": "random", **settings}
        return searching(name, evaluator=_evaluator(images, protocol), protocol=protocol, **chosen)

    return go


@pytest.mark.slow
def test_a_training_in_pieces_equals_one_in_one_go(images: Images) -> None:
    """Straight to the last rung, or by way of a checkpoint at the first one: the same bits."""
    evaluator, f = _evaluator(images, RUNGS), parse("x*sigmoid(beta*x)")
    kept: list[Any] = []
    first = evaluator.evaluate(f, rung=0, seeds=[0], keep=kept.append)
    onward = evaluator.evaluate(f, rung=2, seeds=[0], trunk=kept[0])
    straight = evaluator.evaluate(f)
    assert onward.val_accs == straight.val_accs
    assert onward.weights.keys() == straight.weights.keys()
    assert all(torch.equal(onward.weights[k], straight.weights[k]) for k in straight.weights)
    # the first rung's cooldown, 8 of 30 steps, is all that is paid twice
    assert first.train_images == PER_EPOCH
    assert onward.train_images == 4 * PER_EPOCH - 22 * 32
    assert straight.train_images == 4 * PER_EPOCH


def test_a_foreign_trunk_is_not_taken(images: Images) -> None:
    evaluator, kept = _evaluator(images, RUNGS), []  # type: ignore[var-annotated]
    wide = _evaluator(images, RUNGS.model_copy(update={"width": 5}))
    wide.evaluate(parse("tanh(x)"), rung=0, seeds=[0], keep=kept.append)
    taken = evaluator.evaluate(parse("tanh(x)"), rung=1, seeds=[0], trunk=kept[0])
    assert taken.train_images == 2 * PER_EPOCH


@pytest.mark.slow
def test_halving_pays_less_and_ends_every_trial(climbing: Searching) -> None:
    ending, run, watcher = climbing()
    records = [r for r in run.records() if r.outcome is not Outcome.SCREENED]
    assert ending == "trials"
    assert len(records) == 5
    assert {r.outcome for r in records} >= {Outcome.FINISHED, Outcome.PRUNED}
    assert not run.waiting()
    assert not run.unfinished()
    for record in records:
        if record.outcome is Outcome.FINISHED:
            assert [s.value for s in record.rungs] == [1, 2, 4]
            assert record.epochs == 4
        if record.rungs:
            assert record.train_images == sum(s.train_images for s in record.rungs)
            assert record.val_accs == record.rungs[-1].val_accs
    assert sum(r.train_images for r in records) < 5 * 4 * PER_EPOCH
    assert {p.name for p in run.checkpoints.iterdir()} == {f"trial-{best_trial(run)}.pt"}
    assert sorted(watcher.records, key=lambda r: r.number) == run.records()
    study = optuna.load_study(study_name="nas", storage=f"sqlite:///{run.path / 'study.db'}")
    assert {t.state.name for t in study.trials} <= {"COMPLETE", "PRUNED"}
    pruned = next(t for t in study.trials if t.state.name == "PRUNED" and t.intermediate_values)
    assert pruned.intermediate_values[0] == run.record(pruned.number).rungs[0].val_acc


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"sampler": "tpe"}, marks=pytest.mark.slow),
        pytest.param({"race": True, "seeds": 3}, marks=pytest.mark.slow),
        pytest.param({"pruner": "hyperband"}, marks=pytest.mark.slow),
        pytest.param({"sampler": "tpe", "workers": 2, "threads": 2, "trials": 8}, marks=pytest.mark.slow),
        pytest.param(
            {"pruner": "hyperband", "workers": 3, "threads": 3, "trials": 8}, marks=pytest.mark.slow
        ),
    ],
)
def test_cut_off_anywhere_it_ends_the_same(climbing: Searching, settings: dict[str, Any]) -> None:
    protocol = RUNGS.model_copy(update={"seeds": settings.pop("seeds", 1)})
    _, whole, _ = climbing("whole", protocol, baselines=("relu",), **settings)
    for stop in range(1, 30, 3):
        ending, cut, _ = climbing("cut", protocol, stop_at_epoch=stop, baselines=("relu",), **settings)
        if ending is not None:
            break
    ending, cut, _ = climbing("cut", protocol)
    assert ending == "trials"
    assert _facts(cut.records()) == _facts(whole.records())


def test_what_waits_is_seen_before_the_end(climbing: Searching) -> None:
    ending, run, _ = climbing(stop_at_epoch=3)
    assert ending is None
    waiting = run.waiting()
    assert waiting
    assert {r.outcome for r in waiting} == {Outcome.PRUNED}
    assert all(r.reason and "waits at rung" in r.reason for r in waiting)
    assert list(run.checkpoints.glob("trunk-*.pt"))


@pytest.mark.slow
def test_baselines_climb_every_rung_and_images_are_a_budget(climbing: Searching) -> None:
    ending, run, _ = climbing(trials=None, images=6 * PER_EPOCH, baselines=("relu",))
    assert ending == "images"
    records = run.records()
    assert [s.value for s in records[0].rungs] == [1, 2, 4]
    assert records[0].outcome is Outcome.FINISHED
    spent = sum(r.train_images for r in records)
    assert 6 * PER_EPOCH <= spent <= 10 * PER_EPOCH


@pytest.mark.slow
@pytest.mark.parametrize(("fidelity", "rungs"), [("train_size", (320, 960)), ("width", (2, 4))])
def test_other_fidelities_train_anew(climbing: Searching, fidelity: str, rungs: tuple[int, ...]) -> None:
    full = {**SIZES, "epochs": 1, "rungs": rungs, "fidelity": fidelity, "recipe": RECIPE, fidelity: rungs[-1]}
    protocol = Protocol(**{**PROTOCOL.model_dump(), **full})
    _, run, _ = climbing(protocol=protocol, trials=3)
    done = next(r for r in run.records() if r.outcome is Outcome.FINISHED)
    images = [320, 960] if fidelity == "train_size" else [960, 960]
    assert [s.train_images for s in done.rungs] == images
    assert not list(run.checkpoints.glob("trunk-*"))


@pytest.mark.slow
def test_a_race_gives_seeds_to_those_that_may_still_be_best(climbing: Searching) -> None:
    protocol = PROTOCOL.model_copy(update={**SIZES, "epochs": 1, "seeds": 4, "recipe": RECIPE})
    _, run, _ = climbing(protocol=protocol, pruner="none", race=True, trials=3)
    finished = [r for r in run.records() if r.outcome is Outcome.FINISHED]
    assert max(r.n_seeds for r in finished) == 4
    assert all(r.train_images == r.n_seeds * PER_EPOCH for r in finished)


def test_the_expected_share_is_the_arithmetic_of_the_rungs() -> None:
    config = RunConfig(protocol=RUNGS, pruner="halving", reduction=2)
    # 1; half of (2 - .75); a quarter of (4 - 1.5); of 4 epochs
    assert expected_share(config) == pytest.approx((1 + 1.25 / 2 + 2.5 / 4) / 4)
    assert expected_share(config.model_copy(update={"pruner": "none"})) == 1.0
    wide = PROTOCOL.model_copy(update={"width": 9, "fidelity": "width", "rungs": (3, 9)})
    assert expected_share(RunConfig(protocol=wide, pruner="halving", reduction=3)) == pytest.approx(6 / 9)
