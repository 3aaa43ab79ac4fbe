"""Searches over more than functions: equal learning-rate budgets, whole candidates, prices, tasks."""

from __future__ import annotations

from typing import Any

import pytest

from nas.datasets.images import Images
from nas.errors import SettingError
from nas.evaluation.net_scores import NetScores
from nas.evaluation.tasks import TaskEvaluator
from nas.outcomes import Outcome
from nas.protocol import Protocol, Recipe
from nas.rows.optimizers import OPTIMIZERS
from nas.rules.rates import rates
from nas.tasks.library import load
from nas.tasks.text import read as read_task
from nas.tasks.tuning import score
from tests.evaluation.conftest import PROTOCOL
from tests.search.conftest import Searching
from tests.search.test_ladder import RECIPE, SIZES, _evaluator

ONE = {"schema": 1, "name": "one", "activation": {"shapes": {"formulas": ["max(x, 0)"]}}}
TASK = Protocol(
    data="task", task="quadratic", net="", epochs=60, val_size=2, recipe=Recipe(lr=0.1, weight_decay=0.0)
)


def _protocol(**recipe: Any) -> Protocol:
    return PROTOCOL.model_copy(update={**SIZES, "epochs": 1, "recipe": RECIPE.model_copy(update=recipe)})


@pytest.mark.slow
def test_every_rule_gets_the_same_learning_rates_and_pays_for_them(
    searching: Searching, images: Images
) -> None:
    protocol = _protocol(lr_budget=3, optimizer="sgd")
    data = {**ONE, "optimizer": {"rules": ["sgd", "adam", "sign(m)"]}}
    _, run, _ = searching(
        evaluator=_evaluator(images, protocol), protocol=protocol, data=data, sampler="exhaustive", trials=9,
        baselines=("max(x, 0)",),
    )  # fmt: skip
    records = run.records()
    assert [r.settings.get("optimizer") for r in records] == [None, "adam", "sign(m)"]  # sgd is the baseline
    for record, rule in zip(records, ("sgd", "adam", "sign(m)"), strict=True):
        assert tuple(lr for lr, _ in record.lr_tried) == rates(rule, 3)
        assert record.train_images == 3 * SIZES["train_size"]
        assert record.val_acc == max(found for _, found in record.lr_tried if found is not None)


def test_a_candidate_is_told_apart_by_all_that_it_is(searching: Searching, images: Images) -> None:
    """Two writings of one init, of one rule or of the recipe's own value are one candidate."""
    protocol = _protocol(norm="none", lr=0.05)
    data = {**ONE, "init": {"inits": ["he_normal", "normal(fan=in, gain=he)", "glorot_normal"]}, "recipe": {
        "norm": ["none", "batch"]}}  # fmt: skip
    _, run, _ = searching(
        evaluator=_evaluator(images, protocol), protocol=protocol, data=data, sampler="exhaustive", trials=9
    )
    found = [(r.settings["init"], r.settings["norm"]) for r in run.records()]
    assert sorted(found) == sorted((i, n) for i in ("he_normal", "glorot_normal") for n in ("none", "batch"))
    assert sum(r.equal_proposals for r in run.records()) <= 2


def test_networks_have_a_price(searching: Searching, images: Images) -> None:
    protocol = _protocol()
    data = {**ONE, "network": {"nets": ["small", "linear"]}}
    _, run, _ = searching(
        evaluator=_evaluator(images, protocol), protocol=protocol, data=data, sampler="exhaustive", trials=9
    )
    small, linear = sorted(run.records(), key=lambda r: str(r.settings["net"]), reverse=True)
    assert (linear.parameters, linear.macs) == (64 * 10 + 10, 640)
    assert small.macs is not None
    assert small.macs > 5000


def test_a_network_that_scores_low_before_training_is_not_trained(
    searching: Searching, images: Images
) -> None:
    """The cell that passes no signal is near the bottom of the scale, log(0.01)."""
    cells = ["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", "small"]
    data = {**ONE, "network": {"nets": cells, "least_score": -4.0}}
    protocol = _protocol()
    _, run, _ = searching(
        data=data,
        protocol=protocol,
        evaluator=_evaluator(images, protocol),
        sampler="exhaustive",
        net_score=NetScores(images),
    )
    low, high = sorted(run.records(), key=lambda record: record.net_score or 0)
    assert low.outcome is Outcome.SCREENED
    assert low.reason == f"network: score {low.net_score:.2f} without training is below -4"
    assert low.net_score is not None
    assert low.net_score < -4
    assert high.outcome is not Outcome.SCREENED
    assert high.net_score is not None
    assert -4 <= high.net_score <= 0


def test_a_rule_that_goes_nowhere_is_screened(searching: Searching) -> None:
    grammar = {"operands": ["1", "g"], "unary": ["x"], "binary": ["x1 - x2"]}
    evaluator = TaskEvaluator(TASK)
    _, run, _ = searching(
        evaluator=evaluator, protocol=TASK, data={**ONE, "optimizer": {"grammar": grammar}},
        sampler="exhaustive", trials=9,
    )  # fmt: skip
    assert {r.outcome for r in run.records()} == {Outcome.SCREENED}
    assert all("rule" in str(r.reason) or "undefined" in str(r.reason) for r in run.records())


@pytest.mark.parametrize("rule", ["sgd", "adam", "newton", "lbfgs"])
def test_a_task_scores_what_its_own_function_says(rule: str) -> None:
    evaluator = TaskEvaluator(TASK)
    found = evaluator.evaluate(None, {"optimizer": rule, "lr": 0.2})  # type: ignore[arg-type]
    assert found.val_accs == (score(load("quadratic"), rule, lr=0.2, budget=60),)
    assert found.train_images <= 63
    tuned = TaskEvaluator(TASK.under({"lr_budget": 4})).evaluate(None, {"optimizer": rule})  # type: ignore[arg-type]
    each = {lr: score(load("quadratic"), rule, lr=lr, budget=60) for lr in rates(rule, 4)}
    assert dict(tuned.lr_tried) == each
    assert tuned.val_accs[0] == max(each.values())


def test_noise_gives_seeds_a_meaning() -> None:
    noisy = TASK.model_copy(update={"task": "quadratic(noise=0.1)", "seeds": 3})
    scores = TaskEvaluator(noisy).evaluate(None, {"optimizer": "momentum"}).val_accs  # type: ignore[arg-type]
    assert len(set(scores)) == 3
    still = TASK.model_copy(update={"seeds": 3})
    assert len(set(TaskEvaluator(still).evaluate(None, {"optimizer": "momentum"}).val_accs)) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("rosenbrock", "rosenbrock"),
        ("quadratic( noise = 0.10, condition=1e3 )", "quadratic(condition=1000, noise=0.1)"),
        ("logistic(batch=32, total=true)", "logistic(batch=32, total=true)"),
    ],
)
def test_a_task_as_text(text: str, again: str) -> None:
    assert str(read_task(text)) == again
    assert read_task(again) == read_task(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rosenbrok", "did you mean rosenbrock?"),
        ("quadratic(nois=1)", "did you mean noise?"),
        ("quadratic(noise=-1)", "from 0"),
        ("quadratic(noise=nan)", "from 0"),
        ("quadratic(batch=0)", "from 1"),
        ("quadratic(batch=99999)", "1 to 32"),
        ("rosenbrock(condition=3)", "condition"),
        ("quadratic(total=maybe)", "true or false"),
        ("quadratic(noise=1, noise=2)", "twice"),
        ("quadratic)", "no task"),
    ],
)
def test_a_wrong_task_is_refused(text: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        read_task(text)


def test_default_rates_are_the_rules_own() -> None:
    for name, rule in OPTIMIZERS.items():
        assert rates(name, 1) == (rule.lr.default,)
        assert rates(name, 3)[::2] == (pytest.approx(rule.lr.low), pytest.approx(rule.lr.high))
