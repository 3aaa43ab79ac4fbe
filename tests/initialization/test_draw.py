"""Weights against their theoretical variance, torch's own inits and what orthogonality means."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from torch import Tensor, nn

from nas.initialization.draw import draw, fans_of
from nas.rows.init_parts import FANS, HEADS
from nas.rows.init_text import read

SHAPES: dict[str, Callable[[], nn.Module]] = {
    "wide": lambda: nn.Conv2d(24, 40, 3),
    "narrow": lambda: nn.Conv2d(40, 24, 3),
    "groups": lambda: nn.Conv2d(24, 40, 3, groups=4),
    "even": lambda: nn.Conv2d(24, 40, (2, 5)),
    "tall groups": lambda: nn.Conv2d(8, 64, 1, groups=4),
    "linear": lambda: nn.Linear(130, 70),
    "line": lambda: nn.Conv1d(24, 40, 5),
}
CASES = [(fan, "groups") for fan in FANS] + [("in", shape) for shape in SHAPES if shape != "groups"]
#: E S^4 of a number of variance 1; of a normal one cut off at +-2 by integration
KURTOSIS = {
    "normal": 3.0,
    "uniform": 1.8,
    "truncated": stats.truncnorm.moment(4, -2, 2) / stats.truncnorm.var(-2, 2) ** 2,
}


def weights(layer: nn.Module, text: str, gain: float, seed: int = 0) -> Tensor:
    draw(layer, read(text).law, gain, torch.Generator().manual_seed(seed))
    return layer.get_parameter("weight").detach().clone()


def expected(layer: nn.Module, fan: str) -> float:
    """1 / fan from the shape of the weights, by hand."""
    out, into, *kernel = layer.get_parameter("weight").shape
    taps = math.prod(kernel)
    fan_in, fan_out = into * taps, out * taps // getattr(layer, "groups", 1)
    return 1 / {"in": fan_in, "out": fan_out, "avg": (fan_in + fan_out) / 2, "none": 1}[fan]


@pytest.mark.parametrize(("fan", "shape"), CASES)
@pytest.mark.parametrize("head", KURTOSIS)
def test_the_variance_of_independent_numbers(head: str, fan: str, shape: str) -> None:
    """Within the bounds that the sum of squares of five draws exceeds once in ten thousand times."""
    layer = SHAPES[shape]()
    drawn = torch.stack([weights(layer, f"{head}(fan={fan})", 0.7, seed) for seed in range(5)]).double()
    n, variance = drawn.numel(), 0.49 * expected(layer, fan)
    chi = (drawn.square().sum() / variance).item()
    sigma = math.sqrt((KURTOSIS[head] - 1) * n)
    assert abs(chi - n) < stats.norm.isf(0.5e-4) * sigma
    assert abs(drawn.mean().item()) < stats.norm.isf(0.5e-4) * math.sqrt(variance / n)


@pytest.mark.parametrize("head", KURTOSIS)
def test_the_distribution_is_the_one_named(head: str) -> None:
    """Kolmogorov and Smirnov would refuse one in ten thousand."""
    drawn = weights(nn.Linear(200, 100), f"{head}(fan=none)", 1.0, 3).flatten().double().numpy()
    theory = {
        "normal": stats.norm(),
        "uniform": stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)),
        "truncated": stats.truncnorm(-2, 2, scale=1 / stats.truncnorm.std(-2, 2)),
    }[head]
    assert stats.kstest(drawn, theory.cdf).pvalue > 1e-4


@pytest.mark.parametrize(("fan", "shape"), CASES)
@pytest.mark.parametrize("head", ["orthogonal", "delta", "dirac"])
def test_the_mean_square_of_structured_weights_is_exact(head: str, fan: str, shape: str) -> None:
    layer = SHAPES[shape]()
    law = read(f"{head}(fan={fan})").law
    theory = 1.69 / law.divisor(fans_of(layer))
    assert weights(layer, str(law), 1.3).square().mean().item() == pytest.approx(theory, rel=1e-5)
    if fan != "none":
        assert theory == pytest.approx(1.69 * expected(layer, fan), rel=1e-9)


@pytest.mark.parametrize(
    ("text", "gain", "theirs"),
    [
        ("normal(fan=in)", math.sqrt(2), lambda w, g: nn.init.kaiming_normal_(w, generator=g)),
        (
            "normal(fan=out)",
            math.sqrt(2),
            lambda w, g: nn.init.kaiming_normal_(w, mode="fan_out", generator=g),
        ),
        ("uniform(fan=in)", math.sqrt(2), lambda w, g: nn.init.kaiming_uniform_(w, generator=g)),
        ("normal(fan=avg)", 1.0, lambda w, g: nn.init.xavier_normal_(w, generator=g)),
        ("uniform(fan=avg)", 1.0, lambda w, g: nn.init.xavier_uniform_(w, generator=g)),
        (
            "uniform(fan=in)",
            1 / math.sqrt(3),
            lambda w, g: nn.init.kaiming_uniform_(w, math.sqrt(5), generator=g),
        ),
        ("orthogonal", 1.3, lambda w, g: nn.init.orthogonal_(w, 1.3, generator=g)),
    ],
)
@pytest.mark.parametrize("shape", ["wide", "narrow", "linear"])
def test_it_is_torchs_where_torch_has_it(
    text: str, gain: float, theirs: Callable[[Tensor, torch.Generator], Tensor], shape: str
) -> None:
    layer, other = SHAPES[shape](), SHAPES[shape]()
    theirs(other.get_parameter("weight"), torch.Generator().manual_seed(8))
    torch.testing.assert_close(
        weights(layer, text, gain, 8), other.get_parameter("weight").detach(), rtol=3e-7, atol=0
    )


def test_hes_normal_is_torchs_to_the_last_bit() -> None:
    layer, other = nn.Conv2d(7, 9, 3), nn.Conv2d(7, 9, 3)
    nn.init.kaiming_normal_(other.weight, nonlinearity="relu", generator=torch.Generator().manual_seed(8))
    assert torch.equal(weights(layer, "normal(fan=in)", math.sqrt(2), 8), other.weight)


@pytest.mark.parametrize("head", [*KURTOSIS, "orthogonal", "delta"])
def test_all_gains_share_their_random_numbers(head: str) -> None:
    """A gain scales what is drawn; and what is drawn next is the same."""
    layers = [nn.Conv2d(6, 5, 3), nn.Conv2d(6, 5, 3)]
    found = []
    for layer, gain in zip(layers, (0.31, 2.7), strict=True):
        generator = torch.Generator().manual_seed(1)
        draw(layer, read(f"{head}()").law, gain, generator)
        found.append((layer.weight.detach() / gain, torch.randn(3, generator=generator)))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-6, atol=1e-9)
    assert torch.equal(found[0][1], found[1][1])


@pytest.mark.parametrize("shape", SHAPES)
def test_orthogonal_rows_or_columns(shape: str) -> None:
    layer = SHAPES[shape]()
    for part in weights(layer, "orthogonal", 1.0).chunk(getattr(layer, "groups", 1)):
        matrix = part.flatten(1)
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        torch.testing.assert_close(gram, torch.eye(len(gram)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_delta_orthogonal_convolution_keeps_every_length(kernel: int) -> None:
    """At every pixel and so of the whole image, with margins of zeros or of what is opposite."""
    layer = nn.Conv2d(6, 11, kernel, padding=kernel // 2, bias=False)
    weights(layer, "delta_orthogonal", 1.0)
    x = torch.randn(3, 6, 8, 8)
    y = layer(x)
    torch.testing.assert_close(y.square().sum(1), x.square().sum(1), rtol=1e-4, atol=1e-4)
    around = F.conv2d(F.pad(x, (kernel // 2,) * 4, mode="circular"), layer.weight)
    torch.testing.assert_close(around.norm(), x.norm(), rtol=1e-5, atol=0)


def test_dirac_is_the_identity_and_torchs_where_channels_do_not_grow() -> None:
    x = torch.randn(2, 5, 7, 7)
    layer = nn.Conv2d(5, 5, 3, padding=1, bias=False)
    weights(layer, "dirac", 1.0)
    assert torch.equal(layer(x), x)
    narrow, theirs = nn.Conv2d(8, 6, 3, groups=2), nn.Conv2d(8, 6, 3, groups=2)
    nn.init.dirac_(theirs.weight, 2)
    assert torch.equal(weights(narrow, "dirac", 1.0), theirs.weight)
    wide = nn.Conv2d(5, 8, 3, padding=1, bias=False)
    weights(wide, "dirac", 1.0)
    assert torch.equal(wide(x), x[:, [0, 1, 2, 3, 4, 0, 1, 2]])
    linear = nn.Linear(4, 4, bias=False)
    assert torch.equal(weights(linear, "dirac", 2.0), 2 * torch.eye(4))


def test_constant() -> None:
    assert (weights(nn.Conv2d(3, 4, 3), "constant", 0.25) == 0.25).all()


def test_no_head_is_without_a_test() -> None:
    assert {*KURTOSIS, "orthogonal", "delta", "dirac", "constant"} == set(HEADS)
