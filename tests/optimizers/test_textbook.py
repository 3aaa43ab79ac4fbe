"""Where a row says that its form is the textbook's in other words, or differs: both, side by side."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nas.optimizers.library import make

H = np.array([[3.0, 0.4], [0.4, 0.5]])
START = np.array([1.5, -2.0])


def path(name: str, lrs: list[float], **hyper: float) -> list[np.ndarray]:
    w = torch.tensor(START, requires_grad=True)
    h = torch.tensor(H)
    optimizer = make(name, [w], (), hyper)
    points = []
    for lr in lrs:
        optimizer.forget_gradients()
        (0.5 * w @ h @ w).backward()
        optimizer.step(lr)
        points.append(w.detach().numpy().copy())
    return points


def textbook_momentum(lrs: list[float], gamma: float) -> list[np.ndarray]:
    w, u, points = START, np.zeros(2), []
    for lr in lrs:
        u = gamma * u + lr * H @ w
        w = w - u
        points.append(w)
    return points


def test_lr_outside_of_the_buffer_matters_only_when_it_changes() -> None:
    same, changing = [0.1] * 6, [0.1, 0.1, 0.1, 0.01, 0.01, 0.01]
    np.testing.assert_allclose(path("momentum", same, momentum=0.7), textbook_momentum(same, 0.7), rtol=1e-13)
    ours, theirs = path("momentum", changing, momentum=0.7), textbook_momentum(changing, 0.7)
    np.testing.assert_allclose(ours[:3], theirs[:3], rtol=1e-13)
    assert abs(ours[3] - theirs[3]).max() > 0.1  # the textbook's momentum carries the old lr on


def test_nesterovs_weights_are_the_points_looked_ahead_to() -> None:
    lr, gamma = 0.1, 0.7
    x, u = START, np.zeros(2)
    for ours in path("nesterov", [lr] * 8, momentum=gamma):
        u = gamma * u + lr * H @ (x - gamma * u)
        x = x - u
        np.testing.assert_allclose(ours, x - gamma * u, rtol=1e-12)


def test_averaged_momentum_is_momentum_at_a_smaller_rate() -> None:
    averaged = path("momentum_averaged", [0.5] * 8, momentum=0.6)
    np.testing.assert_allclose(averaged, path("momentum", [0.5 * 0.4] * 8, momentum=0.6), rtol=1e-13)


def test_torchs_dampening_starts_from_the_whole_gradient_and_ours_does_not() -> None:
    w = torch.tensor(START, requires_grad=True)
    reference = torch.optim.SGD([w], lr=0.5, momentum=0.6, dampening=0.6)
    (0.5 * w @ torch.tensor(H) @ w).backward()
    reference.step()
    theirs = w.detach().numpy() - START
    ours = path("momentum_averaged", [0.5], momentum=0.6)[0] - START
    np.testing.assert_allclose(ours, 0.4 * theirs, rtol=1e-14)


@pytest.mark.parametrize(("name", "eps"), [("adagrad", 1e-4), ("rmsprop", 1e-4)])
def test_eps_is_outside_the_root(name: str, eps: float) -> None:
    first = START - path(name, [0.1], eps=eps)[0]
    g = H @ START
    size = abs(g) if name == "adagrad" else abs(g) * np.sqrt(0.01)
    np.testing.assert_allclose(first, 0.1 * g / (size + eps), rtol=1e-12)
    assert abs(first - 0.1 * g / np.sqrt(size**2 + eps)).max() > 1e-6


def test_adam_for_one_weight_is_its_scalar_form() -> None:
    w, v = (torch.tensor([0.7], dtype=torch.float64, requires_grad=True) for _ in range(2))
    scalar, adam = make("adam_scalar", [w]), make("adam", [v])
    for _ in range(6):
        for optimizer, x in ((scalar, w), (adam, v)):
            optimizer.forget_gradients()
            (x**4 + torch.sin(x)).sum().backward()
            optimizer.step(0.05)
    assert w.item() == pytest.approx(v.item(), rel=1e-12)


def test_scalar_adam_turns_with_the_coordinates_and_adam_does_not() -> None:
    c, s = np.cos(0.7), np.sin(0.7)
    turn = torch.tensor([[c, -s], [s, c]])
    for name, turns in (
        ("adam_scalar", True),
        ("normalized_norm", True),
        ("adam", False),
        ("normalized", False),
    ):
        w = torch.tensor(START, requires_grad=True)
        turned = (turn @ torch.tensor(START)).requires_grad_()
        for x, change in ((w, torch.eye(2, dtype=torch.float64)), (turned, turn.T)):
            optimizer = make(name, [x])
            for _ in range(5):
                optimizer.forget_gradients()
                y = change @ x
                (0.5 * y @ torch.tensor(H) @ y).backward()
                optimizer.step(0.1)
        assert torch.allclose(turn @ w.detach(), turned.detach(), rtol=1e-9) is turns, name
