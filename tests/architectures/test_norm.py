"""The folded batch norm against torch's own: values, gradients, running averages, evaluation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from nas.architectures.norm import BatchNorm2d
from nas.architectures.stack import Stack, through


def _pair(channels: int) -> tuple[BatchNorm2d, nn.BatchNorm2d]:
    torch.manual_seed(3)
    ours, theirs = BatchNorm2d(channels), nn.BatchNorm2d(channels)
    with torch.no_grad():
        ours.weight.uniform_(0.5, 2)
        ours.bias.normal_()
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def _images(channels: int, side: int) -> Tensor:
    x = 3 * torch.randn(16, channels, side, side) + torch.arange(channels).view(1, -1, 1, 1) * 5
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("channels", "side"), [(8, 32), (4, 8), (2, 16), (1, 16), (3, 7), (16, 8), (12, 10)])
def test_numbers_gradients_and_averages_are_torchs(channels: int, side: int) -> None:
    ours, theirs = _pair(channels)
    for _ in range(3):
        x = _images(channels, side).requires_grad_()
        upstream = torch.randn(x.shape)
        results = []
        for module in (ours, theirs):
            y = module(x)
            gradients = torch.autograd.grad(y, [x, module.weight, module.bias], upstream)
            results.append((y.detach(), *gradients))
        for got, expected in zip(*results, strict=True):
            torch.testing.assert_close(got, expected, rtol=2e-5, atol=2e-5 * expected.abs().max().item())
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict(), rtol=1e-5, atol=1e-5)
    x = _images(channels, side)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=1e-5, atol=1e-4)


def test_other_layouts_and_types_are_left_to_torch() -> None:
    ours, theirs = _pair(8)
    x = torch.randn(4, 8, 16, 16)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)
    ours, theirs = ours.double(), theirs.double()
    torch.testing.assert_close(ours(x.double()), theirs(x.double()), rtol=0, atol=0)


def test_the_folded_way_is_taken_where_it_pays() -> None:
    """Otherwise the tests above would compare torch with itself."""
    y = _pair(8)[0](_images(8, 32).requires_grad_())
    assert "Normalize" in type(y.grad_fn).__name__


class Both(nn.Module):
    """An activation that can be taken together with the norm before it, and counts how often it was."""

    def __init__(self) -> None:
        super().__init__()
        self.fused = 0

    def forward(self, x: Tensor) -> Tensor:
        return x.tanh()

    def after_norm(self, x: Tensor, norm: nn.BatchNorm2d) -> Tensor | None:
        self.fused += 1
        return None if x.dtype == torch.float64 else norm(x).tanh()


def test_a_stack_is_a_sequential_that_offers_the_norm_to_the_activation() -> None:
    torch.manual_seed(0)
    stack = Stack(nn.Conv2d(3, 4, 3), BatchNorm2d(4), Both(), nn.Flatten(), nn.BatchNorm1d(144))
    plain = nn.Sequential(*stack)
    x = torch.randn(5, 3, 8, 8)
    torch.testing.assert_close(stack(x), plain(x), rtol=0, atol=0)
    assert stack[2].fused == 1
    torch.testing.assert_close(stack.double()(x.double()), plain.double()(x.double()), rtol=0, atol=0)
    assert stack[2].fused == 2, "asked, and it declined"
    assert Stack(BatchNorm2d(4)).double()(torch.randn(2, 4, 1, 1).double()).shape == (2, 4, 1, 1)


def test_who_watches_the_norm_or_the_activation_sees_them() -> None:
    norm, activation, seen = BatchNorm2d(4), Both(), []
    watch = activation.register_forward_hook(lambda *_: seen.append("activation"))
    through(torch.randn(2, 4, 4, 4), norm, activation)
    watch.remove()
    norm.register_forward_pre_hook(lambda *_: seen.append("norm"))
    through(torch.randn(2, 4, 4, 4), norm, activation)
    assert seen == ["activation", "norm"]
    assert activation.fused == 0
