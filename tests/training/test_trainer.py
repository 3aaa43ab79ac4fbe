"""One training: its arithmetic against torch on a linear model, its endings, its repeatability."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.architectures.library import build
from nas.datasets import digits
from nas.datasets.images import Images
from nas.errors import SettingError
from nas.outcomes import Epoch, Outcome
from nas.protocol import Recipe, default_recipe
from nas.training.loader import Split, batches, load_split, validation_batches
from nas.training.loop import evaluate
from nas.training.trainer import Training, train

CPU = torch.device("cpu")
DIGITS = default_recipe("digits")


@cache
def real(train_size: int | None = None) -> Split:
    return load_split(digits.read(), train_size=train_size, val_size=360, split_seed=0, device=CPU)


class Act(nn.Module):
    is_activation = True

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def network(function: Callable[[Tensor], Tensor] = torch.relu, seed: int = 0, width: int = 8) -> nn.Module:
    torch.manual_seed(seed)
    return build(
        "small", channels=1, size=8, classes=10, width=width, activation=lambda channels: Act(function)
    )


def run(function: Callable[[Tensor], Tensor], epochs: int = 2, **settings: Any) -> Training:
    return train(network(function), real(400), DIGITS, epochs=epochs, seed=1, **settings)


class Scaled(nn.Module):
    """A linear model with an activation parameter: logits = W (a x) + b."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = Act(lambda x: x)
        self.scale.a = nn.Parameter(torch.full((1, 1, 1), 1.5))
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear((self.scale.a * x).flatten(1))


def test_steps_equal_sgd_written_out_by_hand() -> None:
    """v <- m v + g, w <- w - lr (g + m v) in float64; g has weight decay except for the activation's."""
    chosen = {"weight_decay": 0.05, "batch_size": 100, "hyper": {"momentum": 0.8}, "lr": 0.05}
    recipe = DIGITS.model_copy(update=chosen)
    torch.manual_seed(2)
    model = Scaled()
    start = (model.scale.a.flatten(), model.linear.weight, model.linear.bias)
    a, w, b = (t.detach().double().numpy() for t in start)
    velocity = [np.zeros_like(a), np.zeros_like(w), np.zeros_like(b)]
    rates = _reference_rates(recipe, steps=3 * 4)
    losses = []
    for epoch in (1, 2, 3):
        for x, y in batches(real(400), recipe, seed=7, epoch=epoch):
            loss, gradients = _softmax_regression(a, w, b, x.flatten(1).double().numpy(), y.numpy())
            losses.append(loss)
            gradients = [g + d * p for g, d, p in zip(gradients, (0, 0.05, 0.05), (a, w, b), strict=True)]
            velocity = [0.8 * v + g for v, g in zip(velocity, gradients, strict=True)]
            lr = next(rates)
            a, w, b = (p - lr * (g + 0.8 * v) for p, g, v in zip((a, w, b), gradients, velocity, strict=True))
    training = train(model, real(400), recipe, epochs=3, seed=7)
    np.testing.assert_allclose(model.linear.weight.detach().numpy(), w, atol=2e-5)
    np.testing.assert_allclose(model.linear.bias.detach().numpy(), b, atol=2e-5)
    np.testing.assert_allclose(model.scale.a.detach().flatten().numpy(), a, atol=2e-5)
    means = np.reshape(losses, (3, 4)).mean(1)
    np.testing.assert_allclose([epoch.train_loss for epoch in training.curve], means, rtol=1e-5)


def _softmax_regression(
    a: np.ndarray, w: np.ndarray, b: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[float, list[np.ndarray]]:
    """Cross-entropy with labels smoothed by 0.1 over ten classes, and its gradients by hand."""
    target = np.full((len(y), 10), 0.01)
    target[np.arange(len(y)), y] += 0.9
    logits = a * x @ w.T + b
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    delta = (p - target) / len(y)
    return -(target * np.log(p)).sum(1).mean(), [
        np.array([(delta @ w * x).sum()]),
        delta.T @ (a * x),
        delta.sum(0),
    ]


def _reference_rates(recipe: Recipe, steps: int) -> Any:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.lr, steps, pct_start=recipe.warmup, cycle_momentum=False,
        div_factor=recipe.start_div, final_div_factor=recipe.end_div / recipe.start_div,
    )  # fmt: skip
    for _ in range(steps):
        yield schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step() if schedule.last_epoch < steps - 1 else None


def test_relu_learns_digits() -> None:
    training = train(network(), real(), DIGITS, epochs=8, seed=0)
    assert training.outcome is Outcome.FINISHED
    assert training.reason is None
    assert [epoch.number for epoch in training.curve] == list(range(1, 9))
    assert training.curve[-1].val_acc > 0.95
    assert training.train_images == 8 * (1077 // 32) * 32
    assert sum(epoch.seconds for epoch in training.curve) <= training.seconds


ORDINARY: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "abs": torch.abs,
    "atan(x)^2 - x": lambda x: torch.atan(x) ** 2 - x,
    "erfc": torch.erfc,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ORDINARY)
def test_what_learns_is_not_mistaken_for_chance(name: str) -> None:
    """Some of these score like chance after one epoch only because batch norm's averages lag."""
    for seed in (0, 1):
        training = train(network(ORDINARY[name], seed), real(), DIGITS, epochs=4, seed=seed)
        assert training.outcome is Outcome.FINISHED
        assert training.curve[-1].val_acc > 0.6


def test_the_score_is_the_mean_over_all_validation_images() -> None:
    """Against NumPy in float64 on the logits of one large batch, batch norm in evaluation mode."""
    net = network()
    train(net, real(400), DIGITS, epochs=1, seed=3)
    net.eval()
    x = torch.cat([x for x, _ in validation_batches(real(400), real(400).n_val)])
    with torch.no_grad():
        log_p = net(x).log_softmax(1).double().numpy()
    y = real(400).y_val.numpy()
    net.train()
    loss, acc = evaluate(net, real(400))
    assert loss == pytest.approx(-log_p[np.arange(360), y].mean(), rel=1e-5)
    assert acc == (log_p.argmax(1) == y).mean()


@pytest.mark.slow
def test_training_does_not_depend_on_the_validation_part() -> None:
    """Not even where a second look at chance was needed: batch norm learns nothing from it."""
    data = real()
    few = replace(data, x_val=data.x_val[:8], y_val=data.y_val[:8], chance=0.5)  # too few for any look
    ours, theirs = _states(data, 2), _states(few, 2)
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]) or name.endswith("num_batches_tracked"), name


def _states(data: Split, number: int) -> dict[str, Tensor]:
    """A sigmoid network after epoch `number` of 8; after its first it looks like chance, and is not."""
    net, states, accs = network(torch.sigmoid, seed=1), [], []

    def keep(epoch: Epoch) -> None:
        states.append({name: value.clone() for name, value in net.state_dict().items()})
        accs.append(epoch.val_acc)

    assert len(train(net, data, DIGITS, epochs=8, seed=1, on_epoch=keep).curve) == 8
    assert data.n_val < 20 or accs[0] < 0.15
    return states[number - 1]


def test_an_exploding_loss_ends_the_training_early() -> None:
    training = run(torch.exp, epochs=5)
    assert training.outcome is Outcome.DIVERGED
    assert "loss is not finite" in (training.reason or "")
    assert training.curve == ()
    assert 0 < training.train_images < 400
    assert training.train_images % DIGITS.batch_size == 0


def test_what_is_not_finite_on_validation_images_only_has_diverged() -> None:
    training = run(_Breaks())
    assert training.outcome is Outcome.DIVERGED
    assert training.reason == "validation loss is not finite in epoch 1"
    assert training.train_images == 384


class _Breaks:
    """ReLU, but infinite for the batches that torch evaluates without a gradient."""

    def __call__(self, x: Tensor) -> Tensor:
        return torch.relu(x) / (1.0 if torch.is_grad_enabled() else 0.0)


def test_a_constant_is_chance_after_the_first_epoch() -> None:
    seen: list[Epoch] = []
    training = run(lambda x: x * 0 + 1, epochs=5, on_epoch=seen.append)
    assert training.outcome is Outcome.DIVERGED
    assert "no better than chance" in (training.reason or "")
    assert training.train_images == 384
    assert len(training.curve) == 1
    assert tuple(seen) == training.curve


def test_two_thousand_validation_images_are_enough_to_give_a_network_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A glance at 1,000, then 2,000 with batch norm's averages and with each batch's own statistics."""
    looked_at: list[int] = []

    def counted(data: Split, images: int) -> Any:
        looked_at.append(images)
        return validation_batches(data, images)

    monkeypatch.setattr("nas.training.loop.validation_batches", counted)
    data = real()
    many = replace(data, x_val=data.x_val.repeat(9, 1, 1, 1), y_val=data.y_val.repeat(9))
    training = train(network(lambda x: x * 0 + 1), many, DIGITS, epochs=5, seed=0)
    assert training.outcome is Outcome.DIVERGED
    assert looked_at == [1000, 2000, 2000]


def test_few_steps_are_not_held_against_a_network() -> None:
    """Five steps an epoch: chance is judged after the second, not after the first."""
    data = load_split(digits.read(), train_size=160, val_size=360, split_seed=0, device=CPU)
    training = train(network(lambda x: x * 0 + 1), data, DIGITS, epochs=5, seed=0)
    assert len(training.curve) == 2


def test_a_small_validation_part_cannot_tell_chance() -> None:
    data = load_split(digits.read(), train_size=400, val_size=8, split_seed=0, device=CPU)
    assert train(network(lambda x: x * 0 + 1), data, DIGITS, epochs=3, seed=0).outcome is Outcome.FINISHED


def test_an_error_of_torch_is_an_outcome() -> None:
    training = run(lambda x: x.new_empty(2**52))
    assert training.outcome is Outcome.FAILED
    assert "RuntimeError" in (training.reason or "")
    assert "\n" not in (training.reason or "")
    assert training.train_images == 0


def test_what_the_caller_raises_goes_through() -> None:
    def stop(epoch: Epoch) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        run(torch.relu, on_epoch=stop)


def test_a_batch_larger_than_the_training_part_is_the_callers_error() -> None:
    with pytest.raises(SettingError):
        train(network(), real(20), DIGITS, epochs=1, seed=0)


def test_flip_crop_and_seeds_matter() -> None:
    """Every setting reaches the arithmetic: six trainings, six different losses."""
    recipes = [DIGITS, *(DIGITS.model_copy(update=u) for u in (
        {"crop": 0}, {"flip": True}, {"label_smoothing": 0.0}, {"optimizer": "momentum"}, {"warmup": 0.5},
    ))]  # fmt: skip
    losses = {train(network(), real(400), recipe, epochs=2, seed=0).curve[-1].val_loss for recipe in recipes}
    assert len(losses) == 6
    assert (
        len({train(network(), real(400), DIGITS, epochs=1, seed=s).curve[-1].val_loss for s in (0, 1)}) == 2
    )


def test_zero_momentum_needs_no_nesterov() -> None:
    recipe = DIGITS.model_copy(update={"hyper": {"momentum": 0.0}})
    assert train(network(), real(400), recipe, epochs=1, seed=0).outcome is Outcome.FINISHED


REPEAT = """
import torch
torch.set_num_threads(2)
from tests.training.test_trainer import DIGITS, network, real, train
net = network(torch.tanh)
curve = train(net, real(400), DIGITS, epochs=2, seed=5).curve
print([(e.train_loss.hex(), e.val_loss.hex(), e.val_acc.hex()) for e in curve])
print(hash(tuple(float(p) for t in net.parameters() for p in t.flatten())))
"""


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_in_fresh_processes() -> None:
    """With other string hashes, and twice in one process."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", REPEAT * times], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONHASHSEED": str(times)}, cwd=Path(__file__).parents[2],
        ).stdout
        for times in (1, 2)
    ]  # fmt: skip
    assert runs[1] == runs[0] * 2


def test_channels_last_and_batches_do_not_change_what_is_learned() -> None:
    """The same training by a plain loop: default memory format, torch's optimizer in its simplest form."""
    recipe = DIGITS.model_copy(update={"lr": 0.02})
    ours, plain = network(torch.tanh), network(torch.tanh)
    train(ours, real(400), recipe, epochs=2, seed=5)
    optimizer = torch.optim.SGD(
        plain.parameters(), lr=1.0, momentum=0.9, nesterov=True, weight_decay=5e-4, foreach=False, fused=False
    )
    rates = _reference_rates(recipe, steps=2 * 12)
    for epoch in (1, 2):
        for x, y in batches(real(400), recipe, seed=5, epoch=epoch):
            optimizer.param_groups[0]["lr"] = next(rates)
            optimizer.zero_grad()
            F.cross_entropy(plain(x.contiguous()), y, label_smoothing=0.1).backward()
            optimizer.step()
    for p, q in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-2, atol=1e-3)


def test_images_of_any_shape_can_be_trained_on() -> None:
    """Three channels of 12x12 noise whose mean tells the class."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    x = (rng.integers(0, 150, (400, 3, 12, 12)) + 60 * y[:, None, None, None]).astype(np.uint8)
    data = load_split(
        Images("noise", x, y, ("dark", "light")), train_size=None, val_size=100, split_seed=0, device=CPU
    )
    torch.manual_seed(0)
    net = build(
        "resnet20", channels=3, size=12, classes=2, width=4, activation=lambda channels: Act(torch.relu)
    )
    assert train(net, data, DIGITS, epochs=3, seed=0).curve[-1].val_acc > 0.9


def test_all_epochs_but_the_last_are_glanced_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer validation images after the first epoch; the score itself is that of all images."""
    monkeypatch.setattr("nas.training.trainer.GLANCE", 50)
    data, net = real(400), network()
    glanced = train(net, data, DIGITS, epochs=2, seed=3).curve
    assert [epoch.val_images for epoch in glanced] == [50, data.n_val]
    loss, acc = evaluate(net, data)
    assert (glanced[-1].val_loss, glanced[-1].val_acc) == (loss, acc)
    monkeypatch.undo()
    again = network()
    whole = train(again, data, DIGITS, epochs=2, seed=3).curve
    assert [epoch.val_images for epoch in whole] == [data.n_val] * 2
    assert whole[-1].val_acc == acc  # looking changes nothing
