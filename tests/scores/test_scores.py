"""Each score against its definition written out, on networks where it is known."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nas.scores.blocks import blocks
from nas.scores.gradients import grad_norm, jacob_cov, synflow
from nas.scores.patterns import patterns
from nas.scores.short import STEPS, short_training


def is_relu(module: nn.Module) -> bool:
    return isinstance(module, nn.ReLU)


def tiny() -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(12, 5),
    )  # fmt: skip


def test_synflow_is_the_sum_over_all_paths_for_each_layer() -> None:
    """R is linear in the weights of each layer, so the sum of theta dR/dtheta is R for each of the layers."""
    network = nn.Sequential(
        nn.Conv2d(2, 3, 1, bias=False),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12, 2, bias=False),
    )
    first, last = network[0].weight.double().abs(), network[4].weight.double().abs()
    hidden = first.sum((1, 2, 3)).repeat_interleave(4)
    expected = 2 * (last @ hidden).sum().item()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    assert synflow(network, (2, 2, 2)) == pytest.approx(math.log10(1 + expected), rel=1e-12)
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key]), key
        assert value.dtype == before[key].dtype
    assert network(torch.randn(3, 2, 2, 2)).shape == (3, 2), "normalization is back"
    assert network[1].num_batches_tracked == 1


def test_jacob_cov_is_highest_for_uncorrelated_jacobians() -> None:
    """-n without correlation; for equal ones -(log(n + k) + 1/(n + k)) - (n - 1)(log k + 1/k)."""

    class Picks(nn.Module):
        """The i-th image's jacobian is the i-th row."""

        def __init__(self, rows: torch.Tensor) -> None:
            super().__init__()
            self.rows = rows

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1) * self.rows

    x, k, n = torch.randn(4, 1, 2, 4), 1e-5, 4
    hadamard = torch.tensor([[1, 1], [1, -1]])
    apart = torch.kron(torch.kron(hadamard, hadamard), hadamard)[1:5].float()  # orthogonal, of mean 0
    assert jacob_cov(Picks(apart), x) == pytest.approx(-n * (math.log(1 + k) + 1 / (1 + k)), abs=1e-6)
    lowest = -(math.log(n + k) + 1 / (n + k)) - (n - 1) * (math.log(k) + 1 / k)
    for rows in (apart[:1].expand(4, 8), torch.zeros(4, 8), torch.full((4, 8), torch.inf)):
        assert jacob_cov(Picks(rows), x) == pytest.approx(lowest, rel=1e-4)


def test_grad_norm_is_that_of_torch() -> None:
    network, x, y = tiny(), torch.randn(6, 2, 6, 6), torch.arange(6) % 5
    F.cross_entropy(network(x), y).backward()
    norms = [m.weight.grad.norm().item() for m in network if isinstance(m, nn.Conv2d | nn.Linear)]
    assert grad_norm(network, x, y) == pytest.approx(math.log10(1 + sum(norms)), rel=1e-5)


def test_naswot_and_swap_compare_signs() -> None:
    network, x = tiny().eval(), torch.randn(5, 2, 6, 6)
    first = network[:2](x)
    second = network[2:4](first)
    codes = torch.cat([first.flatten(1), second.flatten(1)], 1) > 0
    agree = torch.tensor([[float((a == b).sum()) for b in codes] for a in codes], dtype=torch.float64)
    shown = sum(len({tuple(column) for column in (z.flatten(1) > 0).T.tolist()}) for z in (first, second))
    naswot, swap = patterns(network, x, is_relu)
    assert naswot == pytest.approx(math.log(torch.linalg.det(agree + torch.eye(5)).item()), rel=1e-6)
    assert swap == pytest.approx(math.log10(1 + shown), rel=1e-12)


class Scale(nn.Module):
    """A block that multiplies by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.inner = nn.Identity()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.factor * self.inner(x)


def test_trainability_of_blocks_that_scale() -> None:
    """A jacobian of f times the identity: 2 - f - 1/f for many pixels; the identity cannot be trained."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(64, 3, 16, 16, generator=draw)
    for factor, expected in ((2.0, -0.5), (0.5, -0.5), (1.25, -0.05), (1.0, -1000.0), (0.0, -998.0)):
        network = nn.Sequential(nn.Conv2d(3, 3, 1), Scale(factor), nn.Flatten())
        assert blocks(network, x, is_relu, draw)[2] == pytest.approx(expected, abs=0.06)


def test_expressivity_is_the_entropy_of_the_eigenvalues() -> None:
    """log c for independent channels, 0 where all are one; what gets lost is a negative growth."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(64, 4, 16, 16, generator=draw)

    class One(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x[:, :1]).expand_as(x) * 2

    expressivity, progressivity, _ = blocks(nn.Sequential(nn.Identity(), Scale(2.0), One()), x, is_relu, draw)
    assert expressivity == pytest.approx(2 * math.log(4), abs=0.01)
    assert progressivity == pytest.approx(-math.log(4), abs=0.01)


def test_halved_sides_count_as_channels() -> None:
    """A mean over 2x2 pixels: four singular values of 1/4 along one direction each, 1/2 together."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(64, 3, 32, 32, generator=draw)
    halves = nn.Sequential(nn.AvgPool2d(2))
    assert blocks(nn.Sequential(nn.Identity(), halves), x, is_relu, draw)[2] == pytest.approx(
        2 - 0.5 - 2, abs=0.06
    )


def test_a_very_short_training_learns_what_is_easy() -> None:
    """Brightness tells the classes; a loss without end counts as -100."""
    torch.manual_seed(0)
    y = torch.arange(STEPS * 64) % 2
    x = torch.randn(len(y), 1, 4, 4) + 2 * y.view(-1, 1, 1, 1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    before = F.cross_entropy(network(x), y).item()
    assert -short_training(network, x, y, x[:300], y[:300]) < min(0.1, before / 3)
    with torch.no_grad():
        network[1].weight.fill_(torch.nan)
    assert short_training(network, x, y, x[:300], y[:300]) == -100


@pytest.mark.slow
def test_what_overflows_has_a_score() -> None:
    """Weights of 1e30 without a norm: every number is finite, and none is praised."""
    torch.manual_seed(0)
    layers = [m for _ in range(14) for m in (nn.Conv2d(2, 2, 3, padding=1), nn.ReLU())]
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(32, 3))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1e30)
    x, y = torch.randn(6, 2, 4, 4), torch.arange(6) % 3
    draw = torch.Generator().manual_seed(0)
    assert synflow(network, (2, 4, 4)) == pytest.approx(308.25, abs=0.01)
    assert grad_norm(network, x, y) == 0
    assert jacob_cov(network, x) < -1e5
    naswot, swap = patterns(network, x, is_relu)
    assert math.isfinite(naswot)
    assert math.isfinite(swap)
    expressivity, progressivity, trainability = blocks(network, x, is_relu, draw)
    assert 0 <= expressivity < 3
    assert -1 < progressivity < 1
    assert trainability == -1000
    assert short_training(network, x, y, x, y) == -100
