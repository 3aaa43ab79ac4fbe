"""Winners trained anew: as they were found, under seeds of their own, begun again where it stopped."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from nas.datasets.images import Images
from nas.evaluation.checkpoint import load_weights
from nas.evaluation.objective import Evaluator
from nas.outcomes import Outcome
from nas.runs.records import TrialRecord
from nas.runs.store import Run
from nas.search.rematch import Rematch
from nas.symbolic.parse import parse
from tests.evaluation.conftest import images  # noqa: F401
from tests.search.conftest import Watcher
from tests.search.winners import PROTOCOL, confirmation, stored_search


def trained(run: Run, images: Images, stop_after: int | None = None) -> Watcher:  # noqa: F811
    roster, watcher = run.config.roster, Watcher(stop_after=stop_after)
    assert roster is not None
    evaluators = {
        label: Evaluator(protocol, images, torch.device("cpu"))
        for label, protocol in roster.protocols.items()
    }
    try:
        Rematch(run, roster, evaluators.__getitem__, watcher).go()
    except KeyboardInterrupt:
        watcher.notices.append("interrupted")
    return watcher


def facts(record: TrialRecord) -> TrialRecord:
    """Everything but time."""
    curves = tuple(tuple(dataclasses.replace(e, seconds=0.0) for e in curve) for curve in record.curves)
    return dataclasses.replace(record, seconds=0.0, curves=curves)


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return stored_search(tmp_path_factory.mktemp("runs"), PROTOCOL)


def test_each_is_trained_as_it_was_found_under_fresh_seeds(search: Run, images: Images) -> None:  # noqa: F811
    run = confirmation(search, "fresh")
    watcher = trained(run, images)
    records = run.records()
    assert watcher.records == records
    assert [(r.number, r.expression, r.origin, r.settings) for r in records] == [
        (0, "max(x, 0.3*x)", "sampler", {"lr": 0.1}),
        (1, "max(x, 0)", "baseline", {}),
    ]
    fresh = Evaluator(run.config.protocol, images, torch.device("cpu"))
    for record in records:
        whole = fresh.evaluate(parse(record.expression), record.settings)
        assert record.val_accs == whole.val_accs
        assert record.train_images == whole.train_images
        weights = load_weights(run, record.number)
        assert {key.partition("/")[0] for key in weights} == {"0", "1"}, "of every seed, for the test set"
        assert all(torch.equal(weights[f"0/{name}"], tensor) for name, tensor in whole.weights.items())
    winner = parse("max(x, 0.3*x)")
    assert records[0].val_accs != fresh.evaluate(winner).val_accs, "its own learning rate counts"
    old = Evaluator(PROTOCOL, images, torch.device("cpu"))
    assert records[0].val_accs != old.evaluate(winner, {"lr": 0.1}).val_accs, "the seeds are not the search's"


@pytest.mark.slow
def test_a_run_cut_off_twice_equals_one_that_was_not(search: Run, images: Images) -> None:  # noqa: F811
    whole, cut = (
        confirmation(search, "whole", top=2, test=False),
        confirmation(search, "cut", top=2, test=False),
    )
    trained(whole, images)
    assert trained(cut, images, stop_after=1).notices == ["interrupted"]
    assert [p.number for p in cut.unfinished()] == [1]
    assert trained(cut, images, stop_after=2).notices == ["interrupted"]
    trained(cut, images)
    assert [facts(r) for r in cut.records()] == [facts(r) for r in whole.records()]
    assert trained(cut, images).records == [], "nothing is left to do"
    assert not cut.checkpoints.exists(), "no weights wait where the test set stays closed"


def test_a_learning_rate_is_chosen_once_for_all_seeds(search: Run, images: Images) -> None:  # noqa: F811
    run = confirmation(search, "tuned", test=False)
    assert run.config.roster is not None
    recipe = PROTOCOL.recipe.model_copy(update={"lr_budget": 3})
    protocols = {"x": run.config.protocol.model_copy(update={"recipe": recipe})}
    roster = run.config.roster.model_copy(update={"protocols": protocols})
    run.rewrite_config(run.config.model_copy(update={"roster": roster}))
    trained(run, images)
    relu = run.record(1)
    whole = Evaluator(protocols["x"], images, torch.device("cpu")).evaluate(parse("max(x, 0)"))
    assert (relu.val_accs, relu.lr_tried) == (whole.val_accs, whole.lr_tried)
    assert relu.train_images == whole.train_images


def test_a_training_that_diverges_is_an_outcome(search: Run, images: Images) -> None:  # noqa: F811
    run = confirmation(search, "wild")
    assert run.config.roster is not None
    label = next(iter(run.config.roster.candidates))
    wild = run.config.roster.candidates[label].model_copy(update={"expression": "exp(x^2)*x^3"})
    candidates = {**run.config.roster.candidates, label: wild}
    roster = run.config.roster.model_copy(update={"candidates": candidates})
    run.rewrite_config(run.config.model_copy(update={"roster": roster}))
    trained(run, images)
    first, second = run.records()
    assert first.outcome is Outcome.DIVERGED
    assert first.reason
    assert second.outcome is Outcome.FINISHED
    assert [path.name for path in run.checkpoints.iterdir()] == ["trial-1.pt"]
