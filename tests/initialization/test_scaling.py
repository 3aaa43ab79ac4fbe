"""`init_gain`: the same random numbers for all, scaled where nothing normalizes behind them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from nas.activations.module import activation
from nas.architectures.library import build
from nas.initialization.layers import layers
from nas.initialization.scaling import Mode, applied_gain, scale
from nas.rows.networks import NETWORKS
from nas.symbolic.gaussian import gain
from nas.symbolic.parse import parse

NORMALIZED = [name for name, row in NETWORKS.items() if row.norm == "batch"]
MISH = parse("x*tanh(softplus(x))")
Weights = dict[str, Tensor]


def network(name: str) -> nn.Module:
    torch.manual_seed(7)
    return build(name, channels=3, size=32, classes=10, width=4, activation=activation(MISH))


def plain(width: int, depth: int, make: Callable[[int], nn.Module], classes: int = 5) -> nn.Sequential:
    """Linear layers without normalization, drawn with He's gain."""
    sizes = [width] * (depth + 1)
    body = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b, bias=False), make(b))]
    for layer in body[::2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return nn.Sequential(*body, nn.Linear(width, classes))


@pytest.mark.parametrize("name", NORMALIZED)
@pytest.mark.parametrize("mode", ["auto", "he"])
def test_behind_batch_norm_not_a_bit_changes(name: str, mode: Mode) -> None:
    drawn, scaled = network(name), network(name)
    scale(scaled, MISH, mode)
    for (key, before), after in zip(drawn.state_dict().items(), scaled.state_dict().values(), strict=True):
        assert torch.equal(before, after), key
    assert applied_gain(scaled, MISH, mode) == math.sqrt(2)


@pytest.mark.parametrize("name", NORMALIZED)
def test_own_scales_the_same_random_numbers(name: str) -> None:
    drawn, scaled = network(name), network(name)
    scale(scaled, MISH, "own")
    own = gain(MISH)
    assert own is not None
    assert applied_gain(scaled, MISH, "own") == own
    pairs = list(zip(layers(drawn), layers(scaled), strict=True))
    for index, (before, after) in enumerate(pairs):
        factor = 1 / math.sqrt(2) if index == 0 else own / math.sqrt(2)
        if index == len(pairs) - 1:
            factor = 1
            assert torch.equal(before.module.bias, after.module.bias)
        torch.testing.assert_close(after.module.weight, before.module.weight * factor, rtol=1e-6, atol=0)


@pytest.mark.parametrize("text", ["x*tanh(softplus(x))", "tanh(x)", "gelu(x)", "exp(-x^2)"])
def test_auto_keeps_the_signal_where_nothing_normalizes(text: str) -> None:
    expression = parse(text)
    torch.manual_seed(3)
    stack = plain(512, 6, activation(expression))
    before = stack[-1].weight.clone()
    scale(stack, expression, "auto")
    assert applied_gain(stack, expression, "auto") == gain(expression)
    assert torch.equal(stack[-1].weight, before)
    with torch.no_grad():
        x = torch.randn(64, 512)
        for module in stack[:-1]:
            x = module(x)
            if isinstance(module, nn.Linear):
                assert x.square().mean().item() == pytest.approx(1, abs=0.25)


def test_a_function_without_a_gain_keeps_hes() -> None:
    pole = parse("1/x")
    drawn, scaled = plain(8, 2, activation(pole)), plain(8, 2, activation(pole))
    scaled.load_state_dict(drawn.state_dict())
    scale(scaled, pole, "own")
    assert applied_gain(scaled, pole, "own") == math.sqrt(2)
    assert torch.equal(scaled[2].weight, drawn[2].weight)


def test_each_layer_is_looked_at_by_itself() -> None:
    mixed = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.GroupNorm(2, 4), nn.ReLU(),
        nn.Sequential(nn.Conv2d(4, 4, 3), nn.Dropout(), nn.GELU()),
        nn.Flatten(), nn.Linear(16, 9), nn.Linear(9, 5), nn.LayerNorm(5), nn.Tanh(), nn.Linear(5, 2),
    )  # fmt: skip
    found = layers(mixed)
    assert [layer.normalized for layer in found] == [True, False, False, True, False]
    assert [layer.activated for layer in found] == [False, True, True, True, True]
    assert [layer.last for layer in found] == [False, False, False, False, True]
