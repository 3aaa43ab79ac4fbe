"""One score: common random numbers, outcomes, cost."""

from __future__ import annotations

import torch

from nas.evaluation.builder import build_network
from nas.evaluation.objective import Evaluator
from nas.native import compiler
from nas.outcomes import Outcome
from nas.symbolic.parse import parse
from tests.evaluation.conftest import PROTOCOL


def test_all_candidates_start_from_the_same_weights() -> None:
    plain, learned = (
        build_network(PROTOCOL, parse(f), 5).state_dict() for f in ("relu", "p1*x*sigmoid(beta*x)")
    )
    shared = [key for key in plain if key in learned]
    assert len(shared) == len(plain)
    assert all(torch.equal(plain[key], learned[key]) for key in shared)
    other = build_network(PROTOCOL, parse("relu"), 6).state_dict()
    assert not torch.equal(plain["0.weight"], other["0.weight"])


def test_building_leaves_the_global_random_state_alone() -> None:
    state = torch.random.get_rng_state()
    build_network(PROTOCOL, parse("relu"), 5)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_score_has_every_seed_and_its_cost(evaluator: Evaluator) -> None:
    seen = []
    result = evaluator.evaluate(parse("relu"), on_epoch=lambda seed, epoch: seen.append((seed, epoch.number)))
    assert result.outcome is Outcome.FINISHED
    assert seen == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert result.val_accs == tuple(curve[-1].val_acc for curve in result.curves)
    assert len(set(result.val_accs)) == 2, "two seeds, two trainings"
    assert result.train_images == 2 * 2 * 352
    again = evaluator.evaluate(parse("relu"))
    assert again.val_accs == result.val_accs
    assert all(torch.equal(again.weights[k], result.weights[k]) for k in result.weights)


def test_the_score_says_what_computed_it(evaluator: Evaluator) -> None:
    expression = parse("x*sigmoid(x) - 0.01*max(x, 0)")
    evaluator.prepare([expression, parse("i0e(x)")])
    fast = "compiled" if compiler.available() else "eager"
    assert evaluator.evaluate(expression).fields()["code"] == fast
    assert evaluator.evaluate(parse("x + i0e(x)")).code == "eager", "C has no i0e"


def test_divergence_is_an_outcome(evaluator: Evaluator) -> None:
    result = evaluator.evaluate(parse("x^3"), {"lr": 100.0})
    assert result.outcome is Outcome.DIVERGED
    assert result.reason
    assert len(result.curves) == 1, "further seeds would not save the candidate"


def test_settings_replace_values_of_the_recipe(evaluator: Evaluator) -> None:
    slow = evaluator.evaluate(parse("relu"), {"lr": 1e-4})
    fast = evaluator.evaluate(parse("relu"), {"lr": 0.1})
    assert slow.curves[0][-1].train_loss > fast.curves[0][-1].train_loss


def test_the_estimate_is_of_the_right_size(evaluator: Evaluator) -> None:
    assert 0.001 < evaluator.estimated_seconds(1) < 600
