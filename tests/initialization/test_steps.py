"""What data make of weights: variance 1 layer by layer, white patches, inputs that can be had back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.activations.module import activation
from nas.architectures.library import build
from nas.errors import SettingError
from nas.initialization.apply import apply
from nas.initialization.layers import layers
from nas.initialization.visit import undisturbed, visit
from nas.initialization.whitening import FLOOR
from nas.symbolic.parse import parse

GELU = parse("gelu(x)")


def images(n: int = 64, side: int = 10, seed: int = 3) -> Tensor:
    """Smooth noise: neighboring pixels and channels correlate, as in photographs."""
    noise = torch.randn(n, 3, side + 2, side + 2, generator=torch.Generator().manual_seed(seed))
    smooth = F.avg_pool2d(noise, 3, stride=1)
    return 2 * (smooth + 0.5 * smooth.roll(1, 1)) + 0.3


def network(name: str, norm: str, width: int = 4) -> nn.Module:
    return build(name, channels=3, size=10, classes=10, width=width, activation=activation(GELU), norm=norm)


def outputs(net: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """What comes out of each layer with weights, in training mode."""
    found: dict[str, Tensor] = {}
    for layer in layers(net):
        layer.module.register_forward_hook(lambda m, i, o, name=layer.name: found.update({name: o.detach()}))
    with undisturbed(net), torch.no_grad():
        net(x)
    return found


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("name", ["resnet8", "mlp"])
def test_lsuv_gives_every_hidden_layer_variance_one(name: str, norm: str) -> None:
    net = network(name, norm)
    apply(net, "lsuv", GELU, seed=1, batch=images)
    *hidden, _ = outputs(net, images()).values()
    for z in hidden:
        assert z.double().var().item() == pytest.approx(1, abs=1e-4)


def test_lsuv_leaves_a_dead_layer() -> None:
    net = network("resnet8", "none")
    apply(net, "lsuv(fixup)", GELU, seed=1, batch=images)
    assert all((block.conv2.weight == 0).all() for block in net if hasattr(block, "conv2"))
    assert all(bool(p.isfinite().all()) for p in net.parameters())


def test_whitening_gives_patches_the_identity_as_covariance() -> None:
    """Against NumPy: w C w' = diag(lambda / (lambda + eps)) for the covariance C of all patches."""
    net = network("small", "none", width=27)
    apply(net, "whitening", GELU, seed=1, batch=images)
    x = images()
    cut = x.unfold(2, 3, 1).unfold(3, 3, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, 27).double().numpy()
    covariance = np.cov(cut, rowvar=False)
    values = np.linalg.eigvalsh(covariance)[::-1]
    z = F.conv2d(x, net[0].weight, net[0].bias).permute(0, 2, 3, 1).reshape(-1, 27).detach().double().numpy()
    got = np.cov(z, rowvar=False)
    np.testing.assert_allclose(got, np.diag(values / (values + FLOOR * values.mean())), atol=2e-4)
    assert np.diag(got).min() > 0.5
    np.testing.assert_allclose(z.mean(0), 0, atol=1e-4)


def test_whitening_with_other_numbers_of_filters() -> None:
    few, many, he = (
        nn.Sequential(nn.Conv2d(3, n, 3), nn.GELU(), nn.Conv2d(n, 2, 3), nn.Flatten(), nn.Linear(72, 2))
        for n in (5, 60, 60)
    )
    for net, init in ((few, "whitening"), (many, "whitening"), (he, "he_normal")):
        apply(net, init, GELU, seed=1, batch=images)
    torch.testing.assert_close(few[0].weight, many[0].weight[:5])
    torch.testing.assert_close(many[0].weight[27:54], -many[0].weight[:27])
    assert torch.equal(many[0].weight[54:], he[0].weight[54:])
    assert torch.equal(many[2].weight, he[2].weight)


def test_whitening_a_linear_layer_of_more_features_than_images() -> None:
    """300 pixels, 40 images: 39 directions have a signal, and they become white."""
    net = network("mlp", "none")
    apply(net, "whitening", GELU, seed=1, batch=lambda: images(40))
    z = net[1](images(40).flatten(1)).detach()[:, :39].double().numpy()
    covariance = np.cov(z, rowvar=False)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-4)
    assert 0.5 < np.diag(covariance).min() <= np.diag(covariance).max() <= 1.0001


def test_whitening_refuses_what_it_does_not_know() -> None:
    stack = nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2))
    with pytest.raises(SettingError, match="whitening needs"):
        apply(stack, "whitening", GELU, seed=1, batch=lambda: torch.randn(4, 3, 10))


def best_error(hidden: Tensor, x: Tensor) -> float:
    """The mean squared error of the best linear decoder, by least squares."""
    h = torch.cat([hidden, torch.ones(len(hidden), 1)], 1).double()
    solved = torch.linalg.lstsq(h, x.double(), driver="gelsd").solution
    return float((h @ solved - x.double()).square().mean())


def test_pretraining_keeps_more_of_the_input() -> None:
    """The trained first layer's output gives images of another batch back better than the random one's."""
    errors = {}
    for init in ("he_normal", "autoencoder"):
        net = network("mlp", "none", width=2)
        apply(net, init, GELU, seed=1, batch=lambda: images(400))
        fresh = images(400, seed=8).flatten(1)
        with torch.no_grad():
            errors[init] = best_error(net[2](net[1](fresh)), fresh)
    assert errors["autoencoder"] < 0.8 * errors["he_normal"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["small", "resnet8"])
def test_pretraining_fits_convolutions_of_any_stride(name: str) -> None:
    net, he = network(name, "batch"), network(name, "batch")
    apply(net, "autoencoder", GELU, seed=1, batch=lambda: images(8))
    apply(he, "he_normal", GELU, seed=1)
    *hidden, last = zip(layers(net), layers(he), strict=True)
    assert all(not torch.equal(a.module.weight, b.module.weight) for a, b in hidden)
    assert torch.equal(last[0].module.weight, last[1].module.weight)
    assert all(bool(p.isfinite().all()) and p.grad is None for p in net.parameters())


def test_a_decoder_gives_back_the_shape_at_any_stride() -> None:
    """Sides that a stride does not divide, and groups: the trained layer is a better one than the drawn."""
    stack = nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2), nn.GELU(), nn.Conv2d(6, 4, (2, 3), padding=1, groups=2), nn.GELU(),
        nn.Flatten(), nn.Linear(80, 2),
    )  # fmt: skip
    apply(stack, "he_normal", GELU, seed=1)
    before = [layer.module.weight.clone() for layer in layers(stack)]
    apply(stack, "autoencoder", GELU, seed=1, batch=lambda: images(4))
    same = [torch.equal(layer.module.weight, was) for layer, was in zip(layers(stack), before, strict=True)]
    assert same == [False, False, True]


def test_pretraining_that_diverges_changes_nothing() -> None:
    net, before = network("mlp", "none", width=1), network("mlp", "none", width=1)
    apply(net, "autoencoder", GELU, seed=1, batch=lambda: images(4) * 1e30)
    apply(before, "he_normal", GELU, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), before.parameters(), strict=True))


def test_a_visit_is_in_the_order_of_the_signal_and_leaves_no_trace() -> None:
    """Also where the network names its layers in another order, and where a layer is used twice."""

    class Crossed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.second, self.first = nn.Linear(4, 4), nn.Linear(4, 4)
            self.norm, self.drop = nn.BatchNorm1d(4), nn.Dropout(0.5)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(self.drop(self.norm(self.first(self.first(x)))))

    net, seen = Crossed().eval(), []
    before = {key: value.clone() for key, value in net.state_dict().items()}
    visit(net, layers(net), torch.randn(9, 4), lambda layer, x: seen.append((layer.name, x)))
    assert [name for name, _ in seen] == ["first", "second"]
    torch.testing.assert_close(
        seen[1][1].mean(0), torch.zeros(4), atol=1e-5, rtol=0
    )  # normalized, not dropped
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not net.training
