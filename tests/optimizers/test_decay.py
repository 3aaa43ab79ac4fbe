"""Weight decay as a penalty and as shrinking: the same for gradient descent, not for Adam; and as a prior."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nas.optimizers.library import make
from nas.rows.optimizers import OPTIMIZERS
from tests.optimizers.problem import LEARNING_RATES, advance, loss, tensors


def after(
    name: str, *, decay: float, decoupled: bool, penalty: float = 0.0, steps: int = 4
) -> list[np.ndarray]:
    ours = tensors()
    optimizer = make(name, ours[:2], ours[2:], weight_decay=decay, decoupled=decoupled)
    for lr in LEARNING_RATES[:steps]:
        value = lambda: loss(ours) + 0.5 * penalty * sum((w * w).sum() for w in ours[:2])  # noqa: E731
        if OPTIMIZERS[name].needs == "gradient":
            optimizer.forget_gradients()
            value().backward()
            optimizer.step(lr)
        else:
            optimizer.step(lr, value)
    return [w.detach().numpy().copy() for w in ours]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_coupled_decay_is_an_l2_penalty_for_every_rule(name: str) -> None:
    decayed = after(name, decay=0.3, decoupled=False)
    for a, b in zip(decayed, after(name, decay=0.0, decoupled=False, penalty=0.3), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
    if name not in ("rprop", "lion"):  # signs need not notice
        assert abs(decayed[0] - after(name, decay=0.0, decoupled=False)[0]).max() > 1e-8


def difference(name: str) -> float:
    """The largest one between coupled and decoupled decay after four steps."""
    coupled, decoupled = (after(name, decay=0.3, decoupled=kind) for kind in (False, True))
    return max(float(abs(a - b).max()) for a, b in zip(coupled, decoupled, strict=True))


def test_both_forms_are_one_for_gradient_descent_and_two_for_adam() -> None:
    assert difference("sgd") < 1e-14
    assert difference("adam") > 1e-3
    assert difference("adamw") > 1e-3
    assert difference("momentum") > 1e-3  # the penalty goes through u, too


def test_decoupled_decay_is_the_shrunk_weight_then_the_bare_step() -> None:
    w = torch.tensor([2.0, -1.0], dtype=torch.float64, requires_grad=True)
    optimizer = make("lion", [w], weight_decay=0.5)
    (3 * w).sum().backward()
    optimizer.step(0.1)
    np.testing.assert_allclose(w.detach().numpy(), np.array([2.0, -1.0]) * (1 - 0.05) - 0.1, rtol=1e-15)


def test_adamw_is_adam_with_decoupled_decay() -> None:
    for a, b in zip(
        after("adamw", decay=0.2, decoupled=True), after("adam", decay=0.2, decoupled=True), strict=True
    ):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", [name for name, rule in OPTIMIZERS.items() if rule.needs == "gradient"])
def test_gradients_are_the_callers_own_afterwards(name: str) -> None:
    ours = tensors()
    optimizer = make(name, ours[:2], ours[2:], weight_decay=0.1, decoupled=False)
    loss(ours).backward()
    before = [w.grad.clone() for w in ours]
    optimizer.step(0.01)
    assert all(torch.equal(w.grad, g) for w, g in zip(ours, before, strict=True))


def test_spared_tensors_do_not_decay() -> None:
    for name, rule in OPTIMIZERS.items():
        for decoupled in (False, True):
            w, spared = (torch.full((2, 2), 0.7, dtype=torch.float64, requires_grad=True) for _ in range(2))
            optimizer = make(name, [w], [spared], weight_decay=0.5, decoupled=decoupled)
            of = [w, spared, spared, spared]
            advance(optimizer, rule, of, 0.01)
            alone = torch.full((2, 2), 0.7, dtype=torch.float64, requires_grad=True)
            bare = torch.full((2, 2), 0.7, dtype=torch.float64, requires_grad=True)
            advance(make(name, [alone], [bare]), rule, [alone, bare, bare, bare], 0.01)
            if rule.needs == "gradient":  # the others move all tensors by one common step
                assert torch.equal(spared, bare), name
