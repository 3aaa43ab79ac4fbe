"""The networks: parameter counts from the papers, shapes, and the one initialization."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.architectures.library import build
from nas.architectures.resnet import BasicBlock
from nas.errors import SettingError
from nas.rows.networks import NETWORKS


def of(name: str, activation: object = nn.ReLU, **settings: int) -> nn.Module:
    values = {"channels": 3, "size": 32, "classes": 10, "width": 8} | settings
    return build(name, activation=lambda channels: activation(), **values)  # type: ignore[operator, arg-type]


class Noisy(nn.Module):
    """An activation with a parameter and a convolution of its own that draws random numbers when made."""

    is_activation = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.rand(channels, 1, 1))
        self.gate = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.slope + self.gate(x)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_resnet20_has_the_parameters_of_the_paper() -> None:
    """He et al. 2016, table 6, say 0.27 M; counted exactly by Y. Idelbayev's reimplementation: 269,722."""
    assert parameters(of("resnet20", width=16)) == 269_722


def test_resnet20_has_19_convolutions_and_their_activations() -> None:
    network = of("resnet20")
    assert sum(isinstance(module, nn.Conv2d) for module in network.modules()) == 19
    assert sum(isinstance(module, nn.ReLU) for module in network.modules()) == 19


def yardstick(width: int) -> nn.Sequential:
    """The network a user would write by hand, for 3x32x32."""
    w = width
    return nn.Sequential(
        nn.Conv2d(3, w, 3, padding=1, bias=False), nn.BatchNorm2d(w), nn.ReLU(),
        nn.Conv2d(w, 2 * w, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(2 * w), nn.ReLU(),
        nn.Conv2d(2 * w, 4 * w, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(4 * w), nn.ReLU(),
        nn.Conv2d(4 * w, 4 * w, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(4 * w), nn.ReLU(),
        nn.Flatten(), nn.Linear(4 * w * 16, 10),
    )  # fmt: skip


def test_small_is_the_network_of_the_yardstick() -> None:
    ours, theirs = of("small", width=6), yardstick(6)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(5, 3, 32, 32)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 32), (2, 13)])
def test_every_network_takes_every_image(name: str, channels: int, size: int) -> None:
    network = of(name, channels=channels, size=size, classes=7)
    assert network(torch.randn(4, channels, size, size)).shape == (4, 7)


@pytest.mark.parametrize("name", NETWORKS)
def test_each_place_gets_an_activation_of_its_own_for_its_channels(name: str) -> None:
    asked: list[int] = []

    class Checked(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            asked.append(channels)
            self.channels = channels

        def forward(self, x: Tensor) -> Tensor:
            assert x.shape[1] == self.channels
            return x

    build(name, channels=3, size=16, classes=10, width=5, activation=Checked)(torch.randn(2, 3, 16, 16))
    small = [5, 10, 20, 20]
    assert asked == (small if name == "small" else [5] * 7 + [10] * 6 + [20] * 6)


@pytest.mark.parametrize("name", NETWORKS)
def test_images_that_are_too_small_are_refused(name: str) -> None:
    with pytest.raises(SettingError, match=f"too small for the network {name}"):
        of(name, size=7)


def test_an_unknown_network_suggests_a_near_one() -> None:
    with pytest.raises(SettingError, match="no network") as caught:
        of("resnet-20")
    assert "resnet20" in str(caught.value)


def test_the_shortcut_is_option_a() -> None:
    """Every second pixel; the new channels, half before and half after, are zero."""
    block, x = BasicBlock(3, 8, 2, lambda channels: nn.ReLU()), torch.randn(2, 3, 6, 6)
    nn.init.zeros_(block.bn2.weight)  # the residual branch gives zero
    out = block(x)
    assert out.shape == (2, 8, 3, 3)
    torch.testing.assert_close(out[:, 2:5], F.relu(x[:, :, [0, 2, 4]][..., [0, 2, 4]]), rtol=0, atol=0)
    assert out[:, [0, 1, 5, 6, 7]].abs().max() == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_the_weights_do_not_depend_on_the_activation(name: str) -> None:
    """Common random numbers: even an activation that draws random numbers when it is made changes nothing."""
    torch.manual_seed(11)
    plain = dict(of(name).named_parameters())
    torch.manual_seed(11)
    other = dict(build(name, channels=3, size=32, classes=10, width=8, activation=Noisy).named_parameters())
    assert len(plain) < len(other)
    for key, value in plain.items():
        assert torch.equal(value, other[key]), key
    torch.manual_seed(12)
    assert not torch.equal(plain["0.weight"], dict(of(name).named_parameters())["0.weight"])


def test_initial_weights_have_hes_variance() -> None:
    """Var(w) = 2 / fan_in for convolutions; linear uniform in +-1/sqrt(fan_in), variance 1 / (3 fan_in)."""
    torch.manual_seed(5)
    network = of("small", width=64)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    for convolution in convolutions[1:]:
        fan_in = 9 * convolution.in_channels
        assert convolution.weight.var().item() == pytest.approx(2 / fan_in, rel=0.03)
        assert abs(convolution.weight.mean().item()) < 4 * (2 / fan_in / convolution.weight.numel()) ** 0.5
    linear = next(module for module in network.modules() if isinstance(module, nn.Linear))
    assert linear.weight.var().item() == pytest.approx(1 / (3 * linear.in_features), rel=0.03)
    assert linear.weight.abs().max().item() <= linear.in_features**-0.5
