"""Costs against the blackboard, the papers and torch's own counter."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nas.architectures.accounting import LayerCost, account
from nas.architectures.bottleneck import Bottleneck
from nas.architectures.inception import Inception
from nas.architectures.library import build
from nas.rows.networks import NETWORKS, network

TEXTS = ("resnet8", "|nor_conv_3x3~0|+|avg_pool_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|")


def relu(channels: int) -> nn.Module:
    return nn.ReLU()


def of(name: str, shape: tuple[int, int, int], width: int) -> nn.Sequential:
    return build(name, channels=shape[0], size=shape[1:], classes=10, width=width, activation=relu)


@pytest.mark.slow  # importing the counter takes seconds
@pytest.mark.parametrize("name", [*NETWORKS, *TEXTS, "macro(block=resnext, depth=1)"])
def test_multiplications_are_those_of_torchs_counter(name: str) -> None:
    """torch counts two operations for a multiplication and its addition."""
    least = network(name).smallest
    shape = (2, least, least + 3)
    made = of(name, shape, 3)
    costs = account(made, shape)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        made.eval()(torch.zeros(1, *shape))
    assert 2 * costs.macs == counter.get_total_flops()
    assert costs.parameters == sum(layer.parameters for layer in costs.layers)
    assert costs.layers[-1].shape == (10,)


def test_resnet20_costs_what_its_paper_says() -> None:
    """269,722 parameters and 40.55 M multiplications with the shortcut that has no parameters."""
    costs = account(of("resnet20", (3, 32, 32), 16), (3, 32, 32))
    assert (costs.parameters, costs.macs) == (269_722, 40_551_040)


def test_the_blackboard() -> None:
    """32x32x1 -> 28x28x4 -> 14x14x4 -> 10x10x12 -> 5x5x12 -> 300, and what dense layers would need."""
    layers = account(of("lenet_blackboard", (1, 32, 32), 4), (1, 32, 32)).layers
    shapes = [layer.shape for layer in layers if layer.kind != "ReLU"]
    assert shapes == [(4, 28, 28), (4, 14, 14), (12, 10, 10), (12, 5, 5), (300,), (10,)]
    first, second = [layer for layer in layers if layer.kind.startswith("Conv2d")]
    assert (first.parameters, second.parameters) == (1 * 5 * 5 * 4, 4 * 5 * 5 * 12) == (100, 1200)
    assert first.dense == 32 * 32 * 28 * 28 * 4 == 3_211_264
    assert second.dense == 4 * 14**2 * 10**2 * 12 == 940_800
    assert first.macs == 28 * 28 * 100
    assert first.activation_bytes == 4 * 28 * 28 * 4


def weights(module: nn.Module) -> int:
    return sum(m.weight.numel() for m in module.modules() if isinstance(m, nn.Conv2d))


def test_a_bottleneck_saves_weights() -> None:
    """256 (256 9) in one 3x3 layer of 256 channels, 256 832 in 1x1, 3x3, 1x1 through 128."""
    assert weights(nn.Conv2d(256, 256, 3)) == 256 * (256 * 9)
    assert weights(Bottleneck(256, 128, 256, 1, relu, "batch")) == 256 * 832


def test_inception_3a_has_the_weights_of_its_paper() -> None:
    """Szegedy et al. 2015, table 1: 159 K (of 1024) and 128 M operations at 28x28."""
    block = Inception(192, 32, relu, "batch")
    assert weights(block) // 1024 == 159
    assert round(account(block, (192, 28, 28)).macs / 1e6) == 128


class Gated(nn.Module):
    """An activation with a convolution inside: one layer of the account."""

    is_activation = True

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Conv2d(2, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x).sigmoid()


def test_a_layer_is_described_and_the_network_left_as_it_was() -> None:
    made = nn.Sequential(nn.Conv2d(4, 2, (3, 1), stride=2, groups=2), nn.BatchNorm2d(2), Gated())
    before = {key: value.clone() for key, value in made.state_dict().items()}
    made[1].eval()
    costs = account(made, (4, 9, 7))
    assert [module.training for module in made.modules()][:4] == [True, True, False, True]
    for key, value in made.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert not made[0]._forward_hooks
    assert costs.layers[0] == LayerCost(
        "0", "Conv2d 3x1 /2, 2 groups", (2, 4, 4), 2 * 2 * 3 + 2, 32 * 6, 4 * 32, 4 * 9 * 7 * 32
    )
    assert costs.layers[2].kind == "activation"
    assert costs.layers[2].parameters == 6
    assert len(costs.layers) == 3
