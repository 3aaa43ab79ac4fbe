"""Networks with another normalization or none, and the plain feed-forward network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from nas.architectures.library import build
from nas.architectures.mlp import DEEP, mlp
from nas.architectures.norm import BatchNorm2d, normalization
from nas.errors import SettingError
from nas.rows.norms import NORMS


def of(name: str, norm: str) -> nn.Module:
    return build(
        name, channels=3, size=8, classes=7, width=4, activation=lambda channels: nn.ReLU(), norm=norm
    )


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", ["small", "resnet20", "mlp", "deep_mlp"])
def test_biases_are_where_no_norm_shifts(name: str, norm: str) -> None:
    """One norm behind each of the layers but the last, or a bias in each of them."""
    net = of(name, norm)
    *hidden, last = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert all((layer.bias is not None) == (norm == "none") for layer in hidden)
    assert last.bias is not None
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)
    assert sum(isinstance(m, kinds) for m in net.modules()) == (0 if norm == "none" else len(hidden))
    assert net(torch.randn(5, 3, 8, 8)).shape == (5, 7)


def test_norms_by_name() -> None:
    (batch,), (flat,) = normalization("batch", 6), normalization("batch", 6, flat=True)
    assert isinstance(batch, BatchNorm2d)
    assert isinstance(flat, nn.BatchNorm1d)
    assert normalization("none", 6) == normalization("none", 6, flat=True) == []
    x = 3 * torch.randn(4, 6, 5, 5) + 1
    (layer,) = normalization("layer", 6)
    torch.testing.assert_close(layer(x), nn.functional.layer_norm(x, (6, 5, 5)))
    (layer,) = normalization("layer", 6, flat=True)
    torch.testing.assert_close(layer(x[:, :, 0, 0]), nn.functional.layer_norm(x[:, :, 0, 0], (6,)))
    with pytest.raises(SettingError, match="no normalization of this name"):
        normalization("bach", 6)


class AfterNorm(nn.ReLU):
    """An activation that would rather be fused."""

    def after_norm(self, x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
        assert isinstance(norm, nn.BatchNorm2d)
        y: Tensor = self(norm(x))
        return y


@pytest.mark.parametrize("norm", NORMS)
def test_only_batch_norm_is_fused(norm: str) -> None:
    nets = [
        build("resnet20", channels=3, size=8, classes=7, width=4, activation=lambda c, a=a: a(), norm=norm)
        for a in (AfterNorm, nn.ReLU)
    ]
    nets[1].load_state_dict(nets[0].state_dict())
    x = torch.randn(3, 3, 8, 8)
    torch.testing.assert_close(nets[0](x), nets[1](x), rtol=1e-5, atol=1e-5)


def test_the_feed_forward_net_is_the_one_written_by_hand() -> None:
    net = mlp(3, (4, 4), 5, 2, lambda channels: nn.Tanh(), "none", depth=2)
    by_hand = nn.Sequential(
        nn.Flatten(), nn.Linear(48, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 5)
    )
    by_hand.load_state_dict(net.state_dict())
    x = torch.randn(6, 3, 4, 4)
    assert torch.equal(net(x), by_hand(x))
    assert torch.equal(net(x.to(memory_format=torch.channels_last)), by_hand(x))


def test_the_deep_one_has_twenty_hidden_layers() -> None:
    assert sum(isinstance(m, nn.Linear) for m in of("deep_mlp", "none").modules()) == DEEP + 1 == 21
