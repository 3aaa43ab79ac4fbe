"""Rules on tasks: who reaches the optimum, what noise and sums of mini-batches do, tuning and the score."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nas.rows.optimizers import OPTIMIZERS, rates
from nas.tasks import regression
from nas.tasks.library import load
from nas.tasks.objective import View
from nas.tasks.plane import hessian
from nas.tasks.running import Path, run
from nas.tasks.tuning import DECADES, progress, score, tune


def test_a_path_is_the_iteration() -> None:
    path = run(load("quadratic"), "sgd", lr=0.9, budget=25)
    h, w = hessian(20.0).numpy(), np.array([-1.6, 1.1])
    for i in range(26):
        np.testing.assert_allclose(path.points[i], w, rtol=1e-12)
        assert path.loss[i] == pytest.approx(0.5 * w @ h @ w, rel=1e-12)
        assert path.distance[i] == pytest.approx(np.linalg.norm(w), rel=1e-12)
        w = w - 0.9 * h @ w
    assert path.evaluations.tolist() == list(range(26))
    assert path.steps == 25
    assert not path.diverged


#: rates at which a rule gets there within 600 evaluations, where 0.1 or its default is no good one
SUITED = {
    "sgd": 0.9, "normalized": 0.9, "normalized_norm": 0.9, "momentum_averaged": 1.0, "adagrad": 0.5,
    "adadelta": 30.0, "adam_scalar": 1.0, "adafactor": 0.2, "lion": 0.05,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_rule_comes_to_the_optimum_of_a_convex_task(name: str) -> None:
    o, rule = load("linear-regression"), OPTIMIZERS[name]
    lr = SUITED.get(name, rule.lr.default if rule.needs != "gradient" else 0.1)
    schedule = "cosine" if rule.needs == "gradient" else "constant"
    path = run(o, name, {"rho": 0.9} if name == "rmsprop" else {}, lr=lr, budget=600, schedule=schedule)
    share = (path.loss[-1] - o.least) / o.gap()
    assert share < 1e-5, f"{share:.2e}"
    assert path.distance[-1] < 0.02


def test_a_constant_step_of_signs_never_settles_and_a_shrinking_one_does() -> None:
    o = load("linear-regression")
    constant, settled = (
        run(o, "lion", lr=0.05, budget=500, schedule=schedule) for schedule in ("constant", "cosine")
    )
    assert constant.loss[-200:].min() - o.least > 3e-5 * o.gap()
    assert settled.loss[-1] - o.least < 1e-5 * o.gap()


def test_gradient_descent_diverges_beyond_twice_the_inverse_curvature() -> None:
    assert not run(load("quadratic"), "sgd", lr=1.99, budget=200).diverged
    assert run(load("quadratic"), "sgd", lr=2.2, budget=200).diverged


def test_a_sum_over_a_mini_batch_is_a_larger_rate_for_sgd_and_nothing_to_adam() -> None:
    o, batch = load("linear-regression"), 16
    mean, total = View(batch=batch), View(batch=batch, total=True)
    a = run(o, "sgd", lr=0.3, budget=50, view=mean)
    b = run(o, "sgd", lr=0.3 / batch, budget=50, view=total)
    np.testing.assert_allclose(a.points, b.points, rtol=1e-9)
    assert run(o, "sgd", lr=1.0, budget=300, view=total).diverged
    for name in ("adam", "rprop", "lion"):
        a, b = (run(o, name, {}, lr=0.01, budget=50, view=view) for view in (mean, total))
        np.testing.assert_allclose(a.points, b.points, rtol=1e-4, atol=1e-6)


def test_noise_is_survived_by_averaging_and_not_by_line_searches() -> None:
    o, view = load("quadratic"), View(noise=0.3)

    def last(name: str, lr: float, **hyper: float) -> float:
        """F at the end, the mean over seeds and the last steps."""
        runs = [
            run(o, name, hyper, lr=lr, budget=200, view=view, seed=s, schedule="cosine") for s in range(3)
        ]
        return float(np.mean([path.loss[-20:].mean() for path in runs]))

    averaged, searched, newton = last("nesterov", 0.05), last("gd_armijo", 1.0), last("newton", 1.0)
    assert averaged < 0.02
    assert searched > 5 * averaged
    assert newton > 5 * averaged
    exact = run(o, "gd_armijo", lr=1.0, budget=600)
    assert exact.loss[-1] < 1e-10


def test_the_l2_penalty_leads_to_the_map_estimate_and_adams_decoupled_decay_elsewhere() -> None:
    o, penalty = load("linear-regression"), 0.05
    most_probable = regression.closed_form(*regression.data(), penalty)

    def far(name: str, lr: float, decoupled: bool) -> float:
        path = run(o, name, lr=lr, budget=400, weight_decay=penalty, decoupled=decoupled, schedule="cosine")
        return float(np.linalg.norm(path.points[-1] - most_probable))

    assert far("sgd", 0.5, False) < 1e-6
    assert far("sgd", 0.5, True) < 1e-6
    assert far("adam", 0.05, False) < 1e-5
    assert far("adam", 0.05, True) > 1e-2


def test_a_run_depends_on_its_seed_alone() -> None:
    o, view = load("linear-regression"), View(batch=8, noise=0.1)
    a, b, c = (run(o, "adam", lr=0.05, budget=30, view=view, seed=seed).points for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert abs(a - c).max() > 1e-3


def test_cost_counts_every_evaluation() -> None:
    assert run(load("quadratic"), "newton", lr=0.5, budget=9).evaluations.tolist() == [0, 3, 6, 9]
    searched = run(load("rosenbrock"), "gd_armijo", lr=1.0, budget=60)
    # the first step from (-1.2, 1) wants lr below 1e-3: 1 gradient and 10 to 12 halvings
    assert 11 <= searched.evaluations[1] <= 13
    assert searched.evaluations[-1] >= 60


def made_up(loss: list[float], evaluations: list[int], *, diverged: bool = False) -> Path:
    n = len(loss)
    return Path(
        "sgd", 0.1, np.array(loss), np.zeros(n), np.array(evaluations), np.zeros((n, 2)), 0.0, 1e-3, diverged
    )


def test_the_score_is_the_mean_of_closed_decades() -> None:
    # from 1: a hundredth from evaluation 2, 1e-6 from 5, budget 10
    path = made_up([1.0, 1e-2, 1e-6], [0, 2, 5])
    assert progress(path, 10) == pytest.approx((2 * 0 + 3 * 2 + 5 * 6) / 10 / DECADES)
    assert progress(made_up([1.0, 0.0], [0, 1]), 4) == pytest.approx(3 / 4)
    assert progress(made_up([1.0, 100.0], [0, 1]), 4) == 0
    assert progress(made_up([1.0, float("nan")], [0, 1], diverged=True), 4) == 0
    assert progress(made_up([1.0, 1e-6], [0, 13]), 10) == 0  # the step came after the end


def test_the_score_orders_rules_and_lies_between_0_and_1() -> None:
    o = load("quadratic")
    newton, sgd, bad = (
        score(o, name, lr=lr, budget=100) for name, lr in (("newton", 1.0), ("sgd", 1.0), ("sgd", 3.0))
    )
    assert 0 <= bad < 0.05 < sgd < newton <= 1


def test_every_rule_tries_as_many_rates_over_its_own_range() -> None:
    for name, rule in OPTIMIZERS.items():
        tried = rates(name, 9)
        assert len(tried) == 9
        assert tried[0] == pytest.approx(rule.lr.low)
        assert tried[-1] == pytest.approx(rule.lr.high)
        np.testing.assert_allclose(np.diff(np.log(tried)), np.log(tried[-1] / tried[0]) / 8, rtol=0.05)
        assert rates(name, 1) == (rule.lr.default,)


def test_tuning_finds_what_trying_all_would_find() -> None:
    o = load("quadratic")
    tuned = tune(o, "momentum", budget=150, count=5)
    paths = [run(o, "momentum", lr=lr, budget=150, stop=True) for lr in rates("momentum", 5)]
    costs = [path.cost for path in paths if path.cost is not None]
    assert tuned.path.cost == min(costs)
    assert tuned.tried == rates("momentum", 5)
    assert tuned.budget == 150
    hopeless = tune(o, "sgd", budget=4, count=3)
    assert hopeless.path.cost is None
    assert hopeless.path.loss[-1] == min(run(o, "sgd", lr=lr, budget=4).loss[-1] for lr in rates("sgd", 3))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam", "lbfgs", "muon"])
def test_the_digits_are_learned(name: str) -> None:
    o = load("logistic")
    path = tune(o, name, budget=150, count=5).path
    assert path.reached is not None or (path.loss[-1] - o.least) < 1e-2 * o.gap()


@pytest.mark.slow
def test_newton_solves_the_digits_in_a_few_steps() -> None:
    path = run(load("logistic"), "newton", lr=1.0, budget=5 * 651)
    assert path.reached is not None
    assert path.reached <= 5
    assert path.distance[-1] < 1e-4


@pytest.mark.parametrize("name", ["rosenbrock", "beale"])
def test_second_order_rules_solve_the_curved_ones(name: str) -> None:
    o = load(name)
    assert tune(o, "lbfgs", budget=200, count=3).path.cost is not None
    if name == "rosenbrock":
        assert run(o, "newton", lr=1.0, budget=30).distance[-1] < 1e-6


def test_newton_goes_where_the_slope_vanishes_minimum_or_not() -> None:
    path = run(load("beale"), "newton", lr=1.0, budget=200)
    end = [torch.tensor(path.points[-1]).requires_grad_()]
    assert path.distance[-1] > 0.1  # not to the minimum
    if not path.diverged:
        gradient = torch.autograd.grad(load("beale").value(end), end)[0]
        assert gradient.norm() < 1e-3
