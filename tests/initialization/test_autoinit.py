"""AutoInit: formulas of torch's modules against the modules, signals against measured ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nas.activations.module import Activation
from nas.errors import SettingError
from nas.initialization.autoinit import autoinit
from nas.initialization.known import expression_of
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse

MODULES = [
    nn.Identity(), nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.07), nn.LeakyReLU(1.3), nn.PReLU(init=-0.4),
    nn.RReLU(0.1, 0.3), nn.ELU(1.7), nn.CELU(0.6), nn.SELU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(),
    nn.Mish(), nn.Softplus(2.5), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(-0.3, 1.7), nn.Tanh(),
    nn.Sigmoid(), nn.LogSigmoid(), nn.Softsign(), nn.Tanhshrink(), nn.Softshrink(0.37),
]  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_the_formula_is_what_the_module_computes(module: nn.Module) -> None:
    x = torch.linspace(-7.3, 8.1, 101, dtype=torch.float64)
    expression = expression_of(module.double().eval())
    assert expression is not None
    expected = module(x).detach().numpy()
    assert evaluate(expression, x.numpy()) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def _measured(network: nn.Sequential, x: torch.Tensor) -> list[tuple[float, float]]:
    found = []
    with torch.no_grad():
        for module in network:
            x = module(x)
            found.append((x.mean().item(), x.var().item()))
    return found


def test_signals_through_a_perceptron_are_what_is_measured() -> None:
    torch.manual_seed(0)
    functions = ["gelu(x)", "softplus(x)", "sin(2*x) + 0.3", "max(x, 0.2*x)"]
    network = nn.Sequential(
        *(m for f in functions for m in (nn.Linear(700, 700), Activation(parse(f), 700))), nn.Linear(700, 9)
    )
    signals = autoinit(network, (700,), mean=0.7, variance=2.2, generator=torch.Generator().manual_seed(5))
    x = 0.7 + 2.2**0.5 * torch.randn(500, 700)
    for signal, (mean, variance) in zip(signals[1:-1], _measured(network, x), strict=False):
        assert mean == pytest.approx(signal.mean, abs=0.08), signal.layer
        assert variance == pytest.approx(signal.variance, rel=0.15), signal.layer
    assert [signals[0].mean, signals[0].variance] == [0.7, 2.2]
    assert signals[-1].layer == "8"
    assert (signals[-1].mean, signals[-1].variance) == (0, 1)


def test_signals_through_convolutions_pooling_normalization_and_dropout() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(64, 128, 3, padding=1, padding_mode="circular"), nn.Tanh(), nn.AvgPool2d(2),
        nn.Dropout(0.3), nn.Conv2d(128, 128, 3, padding=1, padding_mode="circular", groups=2), nn.SiLU(),
        nn.MaxPool2d(2), nn.Conv2d(128, 128, 1), nn.BatchNorm2d(128), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(128, 64),
    )  # fmt: skip
    statistics = network[8].running_mean.clone()
    signals = autoinit(network, (64, 16, 16))
    assert network.training
    assert torch.equal(network[8].running_mean, statistics)
    for signal, (mean, variance) in zip(
        signals[1:8], _measured(network, torch.randn(64, 64, 16, 16)), strict=False
    ):
        assert mean == pytest.approx(signal.mean, abs=0.06), signal.layer
        assert variance == pytest.approx(signal.variance, rel=0.12), signal.layer
    assert (signals[9].mean, signals[9].variance) == (0, 1)
    assert signals[10].mean == pytest.approx(0.39894228)
    assert all((m.bias == 0).all() for m in network if isinstance(m, nn.Conv2d | nn.Linear))


def test_variance_of_the_weights_is_the_formula() -> None:
    network = nn.Sequential(nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, 200))
    autoinit(network, (400,), mean=3.0, variance=0.5, signal_variance=4.0)
    assert network[0].weight.var().item() == pytest.approx(4 / (400 * 9.5), rel=0.02)
    assert network[2].weight.var().item() == pytest.approx(4 / (300 * 2), rel=0.02)  # E relu(2 z)^2 = 2


def test_the_same_seed_draws_the_same_weights() -> None:
    pair = [nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)) for _ in range(2)]
    state = torch.get_rng_state()
    for network in pair:
        autoinit(network, (5,))
    assert torch.equal(pair[0][2].weight, pair[1][2].weight)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4)), "1: LSTM"),
        (nn.Sequential(nn.Linear(4, 4), Activation(parse("1/x"), 4)), "no moments"),
        (nn.Sequential(nn.Linear(4, 4), Activation(parse("0"), 4), nn.Linear(4, 4)), "no moments"),
    ],
)
def test_what_it_does_not_know_it_says(network: nn.Module, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        autoinit(network, (4,))
