"""Meta-ACON against a reference written out by hand, finite differences, and inside a network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from nas.activations.meta_acon import MetaAcon, meta_activation
from nas.activations.module import Activation
from nas.architectures.library import build
from nas.evaluation.builder import build_network
from nas.protocol import Protocol, Recipe
from nas.symbolic.parse import parse
from nas.training.loop import _activation_parameters


def reference(module: MetaAcon, x: Tensor) -> Tensor:
    """The formulas of the paper, batch norm by hand, in training mode."""

    def normalized(u: Tensor, norm: nn.BatchNorm1d) -> Tensor:
        centered = u - u.mean(0)
        return centered / torch.sqrt((centered**2).mean(0) + norm.eps) * norm.weight + norm.bias

    first, norm1, second, norm2, _ = module.meta
    pooled = x.mean(tuple(range(2, x.ndim))) if x.ndim > 2 else x
    u = normalized(pooled @ first.weight.T, norm1)
    beta = 1 / (1 + torch.exp(-normalized(u @ second.weight.T, norm2)))
    shape = (-1, x.shape[1], *[1] * (x.ndim - 2))
    p1, p2, beta = module.p1.reshape(shape), module.p2.reshape(shape), beta.reshape(shape)
    a, b = p1 * x, p2 * x
    return (a * torch.exp(beta * a) + b * torch.exp(beta * b)) / (torch.exp(beta * a) + torch.exp(beta * b))


def random(channels: int, *, reduction: int = 16) -> MetaAcon:
    """All parameters off their start values."""
    torch.manual_seed(7)
    module = MetaAcon(channels, reduction).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module


@pytest.mark.parametrize("shape", [(4, 3, 5, 6), (5, 3), (3, 3, 7), (2, 40, 2, 2)])
def test_it_is_the_paper_s(shape: tuple[int, ...]) -> None:
    module = random(shape[1])
    x = 2 * torch.randn(shape, dtype=torch.float64)
    torch.testing.assert_close(module(x), reference(module, x), rtol=1e-9, atol=1e-11)


def test_gradients_hold_against_finite_differences() -> None:
    module = random(3, reduction=4)
    x = torch.randn(3, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    names, values = zip(*module.named_parameters(), strict=True)

    def apply(x: Tensor, *parameters: Tensor) -> Tensor:
        return torch.func.functional_call(module, dict(zip(names, parameters, strict=True)), (x,))

    assert torch.autograd.gradcheck(apply, (x, *values), atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(("channels", "hidden"), [(8, 16), (256, 16), (512, 32), (272, 17)])
def test_hidden_units(channels: int, hidden: int) -> None:
    module = MetaAcon(channels)
    assert module.meta[0].weight.shape == (hidden, channels)
    assert module.meta[2].weight.shape == (channels, hidden)
    assert sum(p.numel() for p in module.parameters()) == 2 * channels * hidden + 2 * hidden + 4 * channels


def test_it_starts_as_swish_with_its_own_beta() -> None:
    torch.manual_seed(3)
    module, x = MetaAcon(4), torch.randn(6, 4, 3, 3)
    beta = module.beta(x)
    assert ((beta > 0) & (beta < 1)).all()
    assert len(beta.unique()) == beta.numel()  # of each image and channel
    torch.testing.assert_close(module(x), x * torch.sigmoid(beta[:, :, None, None] * x))


def test_evaluation_treats_every_image_alone() -> None:
    torch.manual_seed(3)
    module, x = MetaAcon(4), torch.randn(6, 4, 3, 3)
    module(x)
    module.eval()
    torch.testing.assert_close(module(x)[2:3], module(x[2:3]))


def test_halves_are_computed_in_single_precision() -> None:
    torch.manual_seed(3)
    module, x = MetaAcon(4).eval(), torch.randn(6, 4, 3, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = module(x.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half, module(x.bfloat16().float()).bfloat16())


def test_a_network_takes_it_and_learns() -> None:
    torch.manual_seed(0)
    network = build("small", channels=1, size=8, classes=3, width=4, activation=MetaAcon)
    inside = [m for m in network.modules() if isinstance(m, MetaAcon)]
    assert {id(p) for p in _activation_parameters(network)} == {id(p) for m in inside for p in m.parameters()}
    x, target = torch.randn(32, 1, 8, 8), torch.randint(3, (32,))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    losses = []
    for _ in range(12):
        loss = nn.functional.cross_entropy(network(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
    assert all((m.p2 != 0).any() for m in inside)  # they learn too


def test_any_other_function_takes_its_beta_from_the_input() -> None:
    torch.manual_seed(3)
    module, x = (
        meta_activation(parse("max(x, p[channel, 0.3]*x) + sigmoid(beta*x)"))(4),
        torch.randn(6, 4, 3, 3),
    )
    beta = module.beta(x)[:, :, None, None]
    torch.testing.assert_close(module(x), torch.maximum(x, 0.3 * x) + torch.sigmoid(beta * x))
    scalar = meta_activation(parse("p[scalar]*sin(beta*x)"))(4)
    assert scalar.get_parameter("p").shape == ()
    assert scalar(x).shape == x.shape


def test_a_function_without_a_beta_stays_as_it_is() -> None:
    assert isinstance(meta_activation(parse("max(x, 0)"))(4), Activation)


def test_the_recipe_asks_for_it_and_all_other_weights_are_the_same() -> None:
    acon = parse("acon_c")
    networks = {
        meta: build_network(Protocol(data="digits", recipe=Recipe(meta=meta)), acon, 5)
        for meta in (False, True)
    }
    inside = [name for name, module in networks[True].named_modules() if isinstance(module, MetaAcon)]
    assert inside
    plain, meta = (network.state_dict() for network in networks.values())
    outside = [name for name in plain if not name.startswith(tuple(inside))]
    assert len(outside) > 10
    for name in outside:
        torch.testing.assert_close(plain[name], meta[name], rtol=0, atol=0)
