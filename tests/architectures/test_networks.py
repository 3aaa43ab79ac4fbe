"""The networks: parameter counts from the papers, shapes, learning, and the one initialization."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.architectures.library import build
from nas.architectures.resnet import BasicBlock
from nas.errors import SettingError
from nas.rows.networks import NETWORKS, network
from nas.rows.norms import NORMS

CELL = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|"
BLOCKS = ("plain", "basic", "bottleneck", "resnext", "inception", "nin")
TEXTS = ("resnet8", CELL, *(f"macro(block={block}, depth=1, pooling=min)" for block in BLOCKS))
EVERY = (*NETWORKS, *TEXTS)


def of(name: str, activation: object = nn.ReLU, **settings: object) -> nn.Sequential:
    values = {"channels": 3, "size": 32, "classes": 10, "width": 8} | settings
    return build(name, activation=lambda channels: activation(), **values)  # type: ignore[operator, arg-type]


class Odd(nn.Module):
    """x sin(x): even, unbounded, zero in infinitely many places."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x.sin()


class Noisy(nn.Module):
    """An activation with a parameter and a convolution of its own that draws random numbers when made."""

    is_activation = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.rand(channels, 1, 1))
        self.gate = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("name", "settings", "count"),
    [
        ("resnet20", {"width": 16}, 269_722),  # He et al. 2016: 0.27 M; exactly by Y. Idelbayev's code
        ("resnet56", {"width": 16}, 853_018),  # He et al. 2016: 0.85 M; likewise
        ("macro(block=basic, depth=3, width=16)", {}, 269_722),  # pooling has no weights
        ("lenet5", {"channels": 1, "width": 6}, 61_706),  # 156 + 2416 + 48120 + 10164 + 850
        ("lenet_blackboard", {"channels": 1, "width": 4}, 100 + 1200 + 3000),
        ("nin", {"width": 192}, 966_986),  # of the published model
        ("linear", {}, 3072 * 10 + 10),
    ],
)
def test_parameters_of_the_papers(name: str, settings: dict[str, int], count: int) -> None:
    assert parameters(of(name, **settings)) == count


def test_convolutions_of_vgg_a_and_alexnet() -> None:
    """As in torchvision's models: 9,220,480 in VGG A's; the channels of its AlexNet."""
    vgg = of("vgg11", width=64, norm="none")
    assert sum(parameters(m) for m in vgg if isinstance(m, nn.Conv2d)) == 9_220_480
    channels = [m.out_channels for m in of("alexnet", width=64) if isinstance(m, nn.Conv2d)]
    assert channels == [64, 192, 384, 256, 256]


@pytest.mark.slow
def test_resnext29_has_the_parameters_of_the_paper() -> None:
    """Xie et al. 2017, table 7: ResNeXt-29, 8x64d has 34.4 M."""
    assert round(parameters(of("resnext29", width=64)) / 1e6, 1) == 34.4


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


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("norm", "channels", "more"), [("batch", 1, 0), ("layer", 2, 5), ("none", 4, 1)])
def test_every_network_takes_every_image(name: str, norm: str, channels: int, more: int) -> None:
    """Of any channels, of the smallest size and wider than high, with an activation of any shape."""
    least = network(name).smallest
    size = (least + more // 2, least + more)
    made = of(name, Odd, channels=channels, size=size, classes=7, width=3, norm=norm)
    assert made(torch.randn(4, channels, *size)).shape == (4, 7)


def test_these_are_all_norms() -> None:
    assert set(NORMS) == {"batch", "layer", "none"}


@pytest.mark.parametrize("name", EVERY)
def test_every_weight_learns(name: str) -> None:
    """Gradients reach all parameters, and a small step against them lowers the loss as they foretell.

    x sin(x) would not do: its slopes have no bound, and thirty layers make gradients of 1e25 of them.
    """
    torch.manual_seed(2)
    least = max(network(name).smallest, 8)
    made = of(name, nn.GELU, channels=2, size=(least, least + 4), classes=4, width=3).double()
    x, y = torch.randn(16, 2, least, least + 4, dtype=torch.float64), torch.arange(16) % 4
    before = F.cross_entropy(made(x), y)
    slopes = torch.autograd.grad(before, list(made.parameters()))
    assert all(slope.isfinite().all() for slope in slopes)
    assert all(slope.abs().max() > 0 for slope in slopes)
    steepness = sum(float(slope.square().sum()) for slope in slopes)
    step = 1e-7 * before.item()
    with torch.no_grad():
        for parameter, slope in zip(made.parameters(), slopes, strict=True):
            parameter -= step / steepness * slope
    dropped = (before - F.cross_entropy(made(x), y)).item()
    assert dropped == pytest.approx(step, rel=0.1), "what the gradient foretells"


@pytest.mark.parametrize("name", EVERY)
def test_each_place_gets_an_activation_of_its_own_for_its_channels(name: str) -> None:
    asked: list[int] = []
    seen: list[int] = []

    class Checked(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            asked.append(channels)
            self.channels = channels

        def forward(self, x: Tensor) -> Tensor:
            seen.append(x.shape[1])
            assert x.shape[1] == self.channels
            return x

    least = network(name).smallest
    made = build(name, channels=3, size=least, classes=10, width=5, activation=Checked)
    made.eval()(torch.randn(2, 3, least, least))
    assert sorted(asked) == sorted(seen)
    assert asked or name == "linear"
    if name == "resnet20":
        assert asked == [5] * 7 + [10] * 6 + [20] * 6


@pytest.mark.parametrize("name", [name for name in EVERY if network(name).smallest > 1])
def test_images_that_are_too_small_are_refused(name: str) -> None:
    row = network(name)
    with pytest.raises(SettingError, match="too small for the network") as caught:
        of(name, size=(row.smallest - 1, 64))
    assert row.name in str(caught.value)
    assert f"at least {row.smallest}x{row.smallest}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("resnet-20", "resnet20"), ("vgg", "vgg11"), ("resnet21", "6n \\+ 2"), ("resnet2", "6n \\+ 2")],
)
def test_an_unknown_network_suggests_a_near_one(name: str, hint: str) -> None:
    with pytest.raises(SettingError, match=hint):
        of(name)


@pytest.mark.parametrize(
    ("pooling", "reduce"), [("max", torch.amax), ("average", torch.mean), ("min", torch.amin)]
)
def test_pooling_makes_one_pixel_of_four(pooling: str, reduce: object) -> None:
    made = of("small", pooling=pooling)
    halving = made[4]
    for layout in (torch.contiguous_format, torch.channels_last):
        x = torch.randn(2, 8, 6, 4).contiguous(memory_format=layout)
        fours = torch.stack([x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)])
        torch.testing.assert_close(halving(x), reduce(fours, dim=0))  # type: ignore[operator]


@pytest.mark.parametrize("name", ["mlp", "resnet20", CELL])
def test_a_network_without_pooling_refuses_another_one(name: str) -> None:
    with pytest.raises(SettingError, match="no layer that pools"):
        of(name, pooling="average")


def test_dropout_stands_before_linear_layers_but_not_before_images() -> None:
    def kinds(name: str) -> list[str]:
        made = of(name, dropout=0.25)
        assert all(m.p == 0.25 for m in made if isinstance(m, nn.Dropout))
        return [type(m).__name__ for m in made]

    assert kinds("linear") == ["Flatten", "Linear"]
    assert kinds("small")[-3:] == ["Flatten", "Dropout", "Linear"]
    dense = ["Dropout", "Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]
    assert kinds("lenet5")[-8:] == dense
    assert kinds("mlp").count("Dropout") == 3
    plain, dropping = dict(of("small").named_parameters()), dict(of("small", dropout=0.25).named_parameters())
    assert [p.shape for p in plain.values()] == [p.shape for p in dropping.values()]


def test_the_shortcut_is_option_a() -> None:
    """Every second pixel; the new channels, half before and half after, are zero."""
    block, x = BasicBlock(3, 8, 2, lambda channels: nn.ReLU()), torch.randn(2, 3, 6, 6)
    nn.init.zeros_(block.bn2.weight)  # the residual branch gives zero
    out = block(x)
    assert out.shape == (2, 8, 3, 3)
    torch.testing.assert_close(out[:, 2:5], F.relu(x[:, :, [0, 2, 4]][..., [0, 2, 4]]), rtol=0, atol=0)
    assert out[:, [0, 1, 5, 6, 7]].abs().max() == 0


@pytest.mark.parametrize(("name", "norm"), [*((name, "none") for name in EVERY), ("small", None)])
def test_the_weights_do_not_depend_on_the_activation(name: str, norm: str | None) -> None:
    """Common random numbers: even an activation that draws random numbers when it is made changes nothing."""
    torch.manual_seed(11)
    plain = dict(of(name, norm=norm, width=4).named_parameters())
    torch.manual_seed(11)
    settings = {"channels": 3, "size": 32, "classes": 10, "width": 4, "norm": norm}
    other = dict(build(name, activation=Noisy, **settings).named_parameters())
    assert len(plain) < len(other) or name == "linear"
    for key, value in plain.items():
        assert torch.equal(value, other[key]), key
    torch.manual_seed(12)
    again = dict(of(name, norm=norm, width=4).named_parameters())
    assert any(not torch.equal(value, again[key]) for key, value in plain.items())


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
