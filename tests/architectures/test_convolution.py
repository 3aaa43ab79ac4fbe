"""The convolution in C against torch's own in double precision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from nas.architectures.convolution import Conv2d
from nas.native import compiler

SHAPES = [
    # images, channels in, out, height, width
    (5, 3, 8, 6, 12),
    (3, 3, 16, 4, 4),
    (2, 8, 8, 5, 4),
    (9, 8, 16, 7, 20),
    (2, 16, 8, 8, 8),
    (8, 16, 32, 3, 28),
    (1, 24, 40, 1, 16),
    (3, 64, 64, 4, 8),
]


def _numbers(convolution: nn.Conv2d, x: Tensor, upstream: Tensor) -> list[Tensor]:
    """What it gives, and the gradients for its input and weights."""
    x = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    y = convolution(x)
    return [y, *torch.autograd.grad(y, (x, convolution.weight), upstream)]


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("shape", SHAPES)
def test_numbers_and_gradients_are_torchs(shape: tuple[int, ...], threads: int) -> None:
    torch.manual_seed(0)
    n, fan_in, fan_out, h, w = shape
    ours = Conv2d(fan_in, fan_out, 3, padding=1, bias=False)
    theirs = nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(n, fan_in, h, w).contiguous(memory_format=torch.channels_last)
    upstream = torch.randn(n, fan_out, h, w)
    for got, expected in zip(
        _numbers(ours, x, upstream), _numbers(theirs, x.double(), upstream.double()), strict=True
    ):
        assert (got - expected).abs().max() < 2e-6 * expected.abs().max()


def test_the_bits_do_not_depend_on_the_threads() -> None:
    torch.manual_seed(0)
    ours = Conv2d(8, 16, 3, padding=1, bias=False)
    x = torch.randn(13, 8, 8, 8).contiguous(memory_format=torch.channels_last)
    upstream, before, found = torch.randn(13, 16, 8, 8), torch.get_num_threads(), []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        found.append(_numbers(ours, x, upstream))
    torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_finite_goes_through(value: float) -> None:
    ours = Conv2d(8, 8, 3, padding=1, bias=False)
    x = torch.zeros(1, 8, 8, 8).contiguous(memory_format=torch.channels_last)
    x[0, 3, 4, 4] = value
    assert (~torch.isfinite(ours(x))).sum() == 9 * 8


OTHERS = {
    "stride": {"stride": 2},
    "dilation": {"dilation": 2},
    "groups": {"groups": 2},
    "bias": {"bias": True},
    "border": {"padding_mode": "circular"},
    "padding": {"padding": 0},
    "kernel": {"kernel_size": 5},
    "channels": {"out_channels": 12},
}


@pytest.mark.parametrize("settings", OTHERS.values(), ids=OTHERS.keys())
def test_any_other_is_torchs(settings: dict[str, object]) -> None:
    settings = {"out_channels": 8, "kernel_size": 3, "padding": 1, "bias": False} | settings
    ours, theirs = (kind(8, **settings) for kind in (Conv2d, nn.Conv2d))  # type: ignore[arg-type]
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 8, 12, 12).contiguous(memory_format=torch.channels_last)
    assert torch.equal(ours(x), theirs(x))
    assert "_Convolution" not in type(ours(x).grad_fn).__name__


@pytest.mark.parametrize(
    "x",
    [
        torch.randn(2, 8, 8, 8),
        torch.randn(2, 8, 8, 6).contiguous(memory_format=torch.channels_last),
        torch.randn(8, 8, 8),
    ],
    ids=["channels first", "width", "no batch"],
)
def test_any_other_input_is_torchs(x: Tensor) -> None:
    ours = Conv2d(8, 8, 3, padding=1, bias=False)
    assert torch.equal(ours(x), nn.functional.conv2d(x, ours.weight, padding=1))


def test_double_precision_is_torchs() -> None:
    ours = Conv2d(8, 8, 3, padding=1, bias=False).double()
    x = torch.randn(2, 8, 8, 8).double().contiguous(memory_format=torch.channels_last)
    assert torch.equal(ours(x), nn.functional.conv2d(x, ours.weight, padding=1))


def test_the_c_code_is_used_where_it_compiles() -> None:
    probe = "#if !defined __FMA__ || defined __AVX512F__\n#error\n#endif\n"
    if compiler.library(probe + "float probe(float u) { return u; }\n") is None:
        pytest.skip("no C compiler, or no vectors of 8 floats")
    ours = Conv2d(8, 16, 3, padding=1, bias=False)
    x = torch.randn(2, 8, 8, 8).contiguous(memory_format=torch.channels_last)
    assert "_Convolution" in type(ours(x).grad_fn).__name__
