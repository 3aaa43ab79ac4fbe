"""Gains against torch's own initialization and against signals and gradients that are measured."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from nas.activations.module import Activation
from nas.errors import ExpressionError
from nas.initialization.gain import Fan, gain_for, gain_normal_
from nas.symbolic.parse import parse


@pytest.mark.parametrize("fan", ["fan_in", "fan_out"])
@pytest.mark.parametrize(
    ("text", "name", "slope"),
    [
        ("max(x, 0)", "relu", 0),
        ("max(x, 0.17*x)", "leaky_relu", 0.17),
        ("x", "linear", 0),
        ("-x", "linear", 0),
    ],
)
def test_it_is_kaiming_normal_where_torch_knows_the_function(
    text: str, name: str, slope: float, fan: Fan
) -> None:
    ours, theirs = torch.empty(24, 7, 3, 3), torch.empty(24, 7, 3, 3)
    gain_normal_(ours, parse(text), fan, torch.Generator().manual_seed(4))
    nn.init.kaiming_normal_(
        theirs,
        slope,
        fan,
        name,
        generator=torch.Generator().manual_seed(4),  # type: ignore[arg-type]
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=0)


@pytest.mark.parametrize("text", ["gelu(x)", "tanh(x)", "max(x, 0)^2", "sin(x) + cos(3*x)", "softplus(x)"])
def test_one_layer_keeps_the_mean_square(text: str) -> None:
    expression, draw = parse(text), torch.Generator().manual_seed(1)
    z = torch.randn(2000, 300, generator=draw)
    weight = gain_normal_(torch.empty(400, 300), expression, generator=draw)
    after = Activation(expression, 300)(z) @ weight.T
    assert after.square().mean().item() == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize("text", ["gelu(x)", "tanh(x)", "max(x, 0)", "sin(3*x)"])
def test_one_layer_keeps_the_gradient_by_fan_out(text: str) -> None:
    expression, draw = parse(text), torch.Generator().manual_seed(2)
    z = torch.randn(2000, 400, generator=draw, requires_grad=True)
    weight = gain_normal_(torch.empty(300, 400), expression, "fan_out", draw)
    gradient = torch.randn(2000, 300, generator=draw)
    (Activation(expression, 400)(z) @ weight.T).backward(gradient)
    assert z.grad is not None
    assert z.grad.square().mean().item() == pytest.approx(1, abs=0.03)


def test_gains_of_both_directions() -> None:
    assert gain_for(parse("max(x, 0)"), "fan_out") == math.sqrt(2)
    assert gain_for(parse("x^2"), "fan_in") == math.sqrt(1 / 3)
    assert gain_for(parse("x^2"), "fan_out") == 0.5
    assert gain_for(parse("sign(x)"), "fan_out") is None


@pytest.mark.parametrize("text", ["exp(x^2)", "1/x", "0"])
def test_a_function_without_a_gain_is_refused(text: str) -> None:
    weight = torch.ones(3, 3)
    with pytest.raises(ExpressionError, match="no gain"):
        gain_normal_(weight, parse(text))
    assert (weight == 1).all()
