"""Rules that evaluate the loss or its curvature: line searches, L-BFGS, Newton."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from nas.optimizers.library import make
from nas.optimizers.line_search import Ray
from nas.optimizers.parameters import Parameters
from tests.optimizers.problem import loss, tensors

H = torch.tensor([[2.0, 0.7, 0.0], [0.7, 1.0, -0.3], [0.0, -0.3, 0.5]], dtype=torch.float64)
B = torch.tensor([0.3, -1.1, 0.4], dtype=torch.float64)


def bowl(w: Tensor) -> Tensor:
    return 0.5 * w @ H @ w - B @ w


def start() -> Tensor:
    return torch.tensor([1.3, -0.4, 2.1], dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("lr", [0.01, 1.0, 30.0])
def test_the_exact_step_on_a_quadratic_is_the_closed_form(lr: float) -> None:
    w, v = start(), start().detach().numpy()
    optimizer = make("gd_exact", [w])
    h, b = H.numpy(), B.numpy()
    for _ in range(6):
        g = h @ v - b
        v = v - (g @ g) / (g @ h @ g) * g
        optimizer.step(lr, lambda: bowl(w))
        np.testing.assert_allclose(w.detach().numpy(), v, rtol=1e-10)


def test_the_exact_step_is_the_lowest_point_of_the_first_valley() -> None:
    ours = tensors()
    before = [w.detach().clone() for w in ours]
    loss(ours).backward()
    g = [w.grad for w in ours]
    heights = [
        float(loss([w - a * d for w, d in zip(before, g, strict=True)])) for a in np.linspace(0, 1, 2001)
    ]
    first = next(i for i in range(1, 2000) if heights[i] < heights[i - 1] and heights[i] <= heights[i + 1])
    make("gd_exact", ours).step(0.01, lambda: loss(ours))
    a = float((before[0] - ours[0].detach()).flatten()[0] / g[0].flatten()[0])
    assert a == pytest.approx(first / 2000, abs=1 / 2000)


@pytest.mark.parametrize("lr", [0.05, 0.7, 8.0])
def test_armijo_takes_the_first_trial_that_is_low_enough(lr: float) -> None:
    w = start()
    before, values = w.detach().clone(), {"c1": 0.3, "shrink": 0.6}
    g = H @ before - B
    make("gd_armijo", [w], (), values).step(lr, lambda: bowl(w))
    trials = lr * 0.6 ** np.arange(60)
    good = [bool(bowl(before - a * g) <= bowl(before) - 0.3 * a * (g @ g)) for a in trials]
    torch.testing.assert_close(w.detach(), before - trials[good.index(True)] * g, rtol=1e-12, atol=0)


@pytest.mark.parametrize("lr", [1e-3, 0.3, 10.0])
@pytest.mark.parametrize("c2", [0.5, 0.9])
def test_wolfes_step_meets_both_conditions(lr: float, c2: float) -> None:
    ours = tensors()
    optimizer = make("gd_wolfe", ours, (), {"c1": 1e-3, "c2": c2})
    for _ in range(5):
        ray = Ray(Parameters(ours, [], decay=0, decoupled=False), lambda: loss(ours))
        before = ours[0].detach().clone()
        g = torch.autograd.grad(loss(ours), ours)[0]
        optimizer.step(lr, lambda: loss(ours))
        a = float((before - ours[0]).detach().flatten()[0] / g.flatten()[0])
        assert a > 0
        assert ray.value(a) <= ray.value(0.0) - 1e-3 * a * ray.steepness + 1e-12
        assert abs(ray.slope(a)) <= c2 * ray.steepness * (1 + 1e-6)


def test_a_search_stays_where_nothing_can_be_gained() -> None:
    for name in ("gd_exact", "gd_armijo", "gd_wolfe", "newton", "lbfgs"):
        w = torch.linalg.solve(H, B).requires_grad_()
        before = w.detach().clone()
        make(name, [w]).step(1.0, lambda w=w: bowl(w))
        torch.testing.assert_close(w.detach(), before, rtol=1e-12, atol=1e-12)


def test_a_search_turns_back_where_the_loss_is_not_finite() -> None:
    for name in ("gd_exact", "gd_armijo", "gd_wolfe"):
        w = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
        # finite for 0 < w < 10 only: -log w - log(10 - w), lowest at 5
        make(name, [w]).step(64.0, lambda w=w: (-torch.log(w) - torch.log(10 - w)).sum())
        assert 0.5 < w.item() < 10


def test_lbfgs_is_torchs() -> None:
    ours, theirs = tensors(), tensors()
    optimizer = make("lbfgs", ours, (), {"history": 4})
    reference = torch.optim.LBFGS(
        theirs, lr=1.0, history_size=4, max_iter=1, max_eval=25, line_search_fn="strong_wolfe",
        tolerance_grad=0, tolerance_change=0,
    )  # fmt: skip

    def closure() -> Tensor:
        reference.zero_grad()
        value = loss(theirs)
        value.backward()
        return value

    for _ in range(12):
        optimizer.step(1.0, lambda: loss(ours))
        reference.step(closure)
        for p, q in zip(ours, theirs, strict=True):
            assert torch.equal(p, q)


@pytest.mark.parametrize("damping", [0.0, 0.8])
def test_newtons_step_solves_the_local_equations(damping: float) -> None:
    w = start()
    make("newton", [w], (), {"damping": damping}).step(0.6, lambda: bowl(w))
    before = start().detach().numpy()
    h = H.numpy() + damping * np.eye(3)
    expected = before - 0.6 * np.linalg.solve(h, H.numpy() @ before - B.numpy())
    np.testing.assert_allclose(w.detach().numpy(), expected, rtol=1e-13)


def test_newton_in_one_dimension_is_slope_over_curvature() -> None:
    w = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    optimizer = make("newton", [w])
    x = 0.8
    for _ in range(4):
        x -= (np.exp(x) - 3 + 2 * x) / (np.exp(x) + 2)
        optimizer.step(1.0, lambda: torch.exp(w) - 3 * w + w * w)
    assert w.item() == pytest.approx(x, rel=1e-14)


def test_newton_sees_all_tensors_together_and_a_flat_direction_stays() -> None:
    ours = tensors()
    make("newton", ours).step(1.0, lambda: loss(ours))
    flat = torch.cat([w.detach().reshape(-1) for w in tensors()]).requires_grad_()
    sizes, shapes = [w.numel() for w in ours], [w.shape for w in ours]

    def whole(v: Tensor) -> Tensor:
        return loss([part.reshape(shape) for part, shape in zip(v.split(sizes), shapes, strict=True)])

    g = torch.autograd.functional.jacobian(whole, flat)
    h = torch.autograd.functional.hessian(whole, flat)
    expected = flat.detach() - torch.linalg.solve(h, g)
    torch.testing.assert_close(
        torch.cat([w.detach().reshape(-1) for w in ours]), expected, rtol=1e-11, atol=1e-11
    )
    w = torch.tensor([2.0, 5.0], dtype=torch.float64, requires_grad=True)
    make("newton", [w]).step(1.0, lambda: w[0] ** 2)  # no curvature along w[1]
    torch.testing.assert_close(w.detach(), torch.tensor([0.0, 5.0], dtype=torch.float64))
