"""Inits applied to our networks: what is drawn, what is left alone, the same random numbers for all."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.activations.module import activation
from nas.architectures.library import build
from nas.errors import SettingError
from nas.initialization.apply import apply, forward_gain
from nas.initialization.layers import branches, layers
from nas.rows.init_text import read
from nas.rows.inits import INITS
from nas.rows.networks import NETWORKS
from nas.symbolic.gaussian import gain
from nas.symbolic.parse import parse

MISH, RELU, TANH = parse("x*tanh(softplus(x))"), parse("max(x, 0)"), parse("tanh(x)")
CHEAP = [name for name in INITS if name != "autoencoder"]


def network(name: str, norm: str = "batch", expression=MISH, width: int = 4, size: int = 8) -> nn.Module:
    size = max(size, NETWORKS.find(name).smallest)
    return build(
        name, channels=3, size=size, classes=10, width=width, activation=activation(expression), norm=norm
    )


def images(net: str = "small", n: int = 32) -> Tensor:
    side = max(8, NETWORKS.find(net).smallest)
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("name", ["small", "resnet20"])
@pytest.mark.parametrize("init", ["auto", "he_normal"])
def test_weights_are_bit_for_bit_what_they_always_were(name: str, init: str) -> None:
    """Those of `build`: the very numbers behind all earlier records."""
    torch.manual_seed(321)
    before = network(name)
    after = network(name)
    drawn = apply(after, init, MISH, seed=321)
    for (key, value), other in zip(before.state_dict().items(), after.state_dict().values(), strict=True):
        assert torch.equal(value, other), key
    assert forward_gain(drawn) == pytest.approx(math.sqrt(2), rel=1e-12)


@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("init", ["he_uniform", "orthogonal", "own"])
def test_candidates_share_the_random_numbers(init: str, norm: str) -> None:
    """Weights of two activations differ by one factor a layer, and the last layers not at all."""
    nets = [network("small", norm, f) for f in (MISH, TANH)]
    for net, f in zip(nets, (MISH, TANH), strict=True):
        apply(net, init, f, seed=9)
    pairs = list(zip(layers(nets[0]), layers(nets[1]), strict=True))
    for one, other in pairs:
        ratio = one.module.weight.std() / other.module.weight.std()
        torch.testing.assert_close(one.module.weight, other.module.weight * ratio, rtol=1e-5, atol=1e-7)
        expected = 1.0
        if init == "own" and one.activated and not one.last:
            expected = (gain(MISH) or 0) / (gain(TANH) or 0)
        assert ratio.item() == pytest.approx(expected, rel=1e-5)
    assert torch.equal(pairs[-1][0].module.bias, pairs[-1][1].module.bias)


@pytest.mark.parametrize("init", CHEAP)
def test_the_seed_decides_alone(init: str) -> None:
    nets = [network("small", "none") for _ in range(3)]
    state = torch.get_rng_state()
    for net, seed in zip(nets, (1, 1, 2), strict=True):
        apply(net, init, MISH, seed=seed, batch=images)
    assert torch.equal(torch.get_rng_state(), state)
    same = [torch.equal(a, b) for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True)]
    assert all(same)
    if read(init).law.head not in ("constant", "dirac"):
        assert not torch.equal(layers(nets[0])[1].module.weight, layers(nets[2])[1].module.weight)


class Gated(nn.Module):
    """An activation with a parameter, a convolution and a batch norm of its own."""

    is_activation = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.rand(channels, 1, 1))
        self.gate = nn.Conv2d(channels, channels, 1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.slope * x * torch.sigmoid(self.norm(self.gate(x)))


@pytest.mark.parametrize("init", [*CHEAP, pytest.param("autoencoder", marks=pytest.mark.slow)])
def test_norms_and_activations_are_left_alone(init: str) -> None:
    net = build("small", channels=3, size=8, classes=10, width=2, activation=Gated)
    with torch.no_grad():
        for value in net.state_dict().values():
            value.add_(torch.rand(value.shape)) if value.is_floating_point() else value.add_(3)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    modes = [module.training for module in net.eval().modules()]
    apply(net, init, MISH, seed=1, batch=lambda: images(n=8))
    ours = {f"{layer.name}.{kind}" for layer in layers(net) for kind in ("weight", "bias")}
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key]) == (key not in ours), key
    assert [module.training for module in net.modules()] == modes
    assert not any(module._forward_pre_hooks for module in net.modules())
    assert all(parameter.grad is None for parameter in net.parameters())


@pytest.mark.parametrize("init", [*CHEAP, pytest.param("autoencoder", marks=pytest.mark.slow)])
def test_the_last_layer_and_the_biases(init: str) -> None:
    """The last layer starts as torch has it, under every init but the constants; hidden biases are 0."""
    net = network("mlp", "none", width=2)
    apply(net, init, MISH, seed=1, batch=lambda: images(n=8))
    *hidden, last = layers(net)
    bound = last.module.in_features**-0.5
    if read(init).law.head == "constant":
        assert last.module.weight.unique().numel() == 1
        assert (last.module.bias == 0).all()
    else:
        assert bound * 0.9 < last.module.weight.abs().max() <= bound
        assert 0 < last.module.bias.abs().max() <= bound
    if "whitening" not in init and init != "autoencoder":
        assert all((layer.module.bias == 0).all() for layer in hidden)


def test_the_gains_of_the_laws_at_each_place() -> None:
    """Nothing to keep where images come in; behind a norm `auto` keeps He's."""
    own = gain(MISH)
    for init, norm, first, rest in [
        ("own", "none", 1.0, own),
        ("auto", "none", 1.0, own),
        ("auto", "batch", math.sqrt(2), math.sqrt(2)),
        ("own", "batch", 1.0, own),
        ("he_normal", "none", math.sqrt(2), math.sqrt(2)),
        ("lecun_uniform", "none", 1.0, 1.0),
    ]:
        drawn = apply(network("small", norm), init, MISH, seed=0)
        assert [one.gain for one in drawn] == [first, rest, rest, rest]
    assert [one.gain for one in apply(network("small", "none"), "own", parse("1/x"), seed=0)][1] == math.sqrt(
        2
    )


def test_without_depth_scaling_fixup_is_hes() -> None:
    plain, he = network("small", "none"), network("small", "none")
    apply(plain, "fixup", MISH, seed=3)
    apply(he, "he_normal", MISH, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), he.parameters(), strict=True))
    normed, he = network("resnet20"), network("resnet20")
    apply(normed, "fixup", MISH, seed=3)
    apply(he, "he_normal", MISH, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(normed.parameters(), he.parameters(), strict=True))


def test_fixup_starts_every_block_as_its_shortcut() -> None:
    """L = 9 branches of m = 2 layers: the first scaled by 9^(-1/2), the last 0, the last layer 0."""
    net, he = network("resnet20", "none"), network("resnet20", "none")
    apply(net, "fixup", RELU, seed=3)
    apply(he, "he_normal", RELU, seed=3)
    x = images()
    blocks = [(a, b) for a, b in zip(net, he, strict=True) if hasattr(a, "residual_branch")]
    assert len(blocks) == 9
    for block, other in blocks:
        torch.testing.assert_close(block.conv1.weight, other.conv1.weight / 3, rtol=1e-6, atol=0)
        assert (block.conv2.weight == 0).all()
        x = torch.rand(2, block.conv1.in_channels, 8, 8)
        torch.testing.assert_close(block(x), block.act2(block.shortcut(x)), rtol=0, atol=0)
    assert (net(images()) == 0).all()
    assert torch.equal(net[0].weight, he[0].weight)


def test_the_root_of_the_depth() -> None:
    net, he = network("resnet20", "none"), network("resnet20", "none")
    apply(net, "he_normal(depth=sqrt)", RELU, seed=3)
    apply(he, "he_normal", RELU, seed=3)
    for block, other in zip(net, he, strict=True):
        if hasattr(block, "residual_branch"):
            assert torch.equal(block.conv1.weight, other.conv1.weight)
            torch.testing.assert_close(block.conv2.weight, other.conv2.weight / 3, rtol=1e-6, atol=0)
    assert torch.equal(net[-1].weight, he[-1].weight)


def test_constants_keep_units_equal_for_ever() -> None:
    net = network("mlp", "none", width=1)
    apply(net, "constant", MISH, seed=0)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(net(images()), torch.arange(32) % 10).backward()
        optimizer.step()
    torch.testing.assert_close(net[1].weight, net[1].weight[:1].expand_as(net[1].weight))
    assert net[1].weight[0].unique().numel() > 1


@pytest.mark.parametrize("init", ["lsuv", "whitening(own)", "autoencoder"])
def test_an_init_that_needs_data_says_so(init: str) -> None:
    net = network("small")
    before = [parameter.clone() for parameter in net.parameters()]
    with pytest.raises(SettingError, match="needs training images"):
        apply(net, init, MISH, seed=0)
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def one_step(name: str, norm: str, init: str) -> None:
    """Finite outputs and gradients; under zeros only the last bias, where there is one, has a gradient."""
    net = network(name, norm, RELU if init == "zeros" else MISH)
    apply(net, init, MISH, seed=5, batch=lambda: images(name, 8))
    x, y = images(name), torch.arange(32) % 10
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    *hidden, last = layers(net)
    assert math.isfinite(loss.item())
    assert all(bool(g.isfinite().all()) for g in gradients)
    flowing = sum(float(g.norm()) > 0 for g in gradients)
    if init == "zeros" and hidden:
        assert flowing == (last.module.bias is not None)
    else:
        assert flowing >= 1 + (last.module.bias is not None)


@pytest.mark.parametrize("init", CHEAP)
@pytest.mark.parametrize(("name", "norm"), [("small", "none"), ("mlp", "batch")])
def test_every_init_lets_gradients_flow(name: str, init: str, norm: str) -> None:
    one_step(name, norm, init)


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_and_every_init(name: str, norm: str) -> None:
    """But for pretraining, which takes seconds a network and is tried on a few."""
    for init in INITS if name in ("small", "mlp", "lenet5") else CHEAP:
        one_step(name, norm, init)


@pytest.mark.parametrize(
    ("name", "depth", "count"), [("bottleneck29", 3, 9), ("resnext29", 3, 9), ("resnet8", 2, 3)]
)
def test_residual_networks_declare_their_branches(name: str, depth: int, count: int) -> None:
    net = build(
        name, channels=3, size=8, classes=10, width=2, activation=lambda channels: nn.ReLU(), norm="none"
    )
    found = branches(net)
    assert [len(branch) for branch in found] == [depth] * count
    apply(net, "fixup", RELU, seed=1)
    for *inner, last in found:
        assert (last.weight == 0).all()
        for layer in inner:
            variance = 2 / layer.weight[0].numel() * count ** (-2 / (2 * depth - 2))
            bound = 5 * math.sqrt(2 / layer.weight.numel())
            assert layer.weight.square().mean().item() == pytest.approx(variance, rel=bound)
