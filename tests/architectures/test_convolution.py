"""The convolution in C against torch's own in double precision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from nas.architectures import convolution
from nas.architectures.convolution import Conv2d
from nas.architectures.pooling import HalvingMaxPool, HalvingMinPool
from nas.architectures.stack import Stack
from nas.native import compiler

_PROBE = "#if !defined __FMA__ || defined __AVX512F__\n#error\n#endif\nfloat probe(float u) { return u; }\n"
needs_c = pytest.mark.skipif(
    compiler.library(_PROBE) is None, reason="no C compiler, or no vectors of 8 floats"
)
SHAPES = [
    # images, channels in, out, height, width
    (5, 3, 8, 6, 20),
    (3, 3, 16, 4, 16),
    (2, 8, 8, 5, 16),
    (9, 8, 16, 7, 20),
    (2, 16, 8, 8, 32),
    (8, 16, 32, 3, 28),
    (1, 24, 40, 1, 16),
    (3, 64, 64, 4, 24),
]


def _numbers(convolution: nn.Conv2d, x: Tensor, upstream: Tensor, pooling: bool = False) -> list[Tensor]:
    """What it gives, and the gradients for its input, where that is no image, and its weights."""
    x = x.detach().clone(memory_format=torch.preserve_format).requires_grad_(x.shape[1] != 3)
    layers = [convolution, HalvingMaxPool()] if pooling else [convolution]
    y = Stack(*layers)(x)
    wanted = [t for t in (x, convolution.weight) if t.requires_grad]
    return [y, *torch.autograd.grad(y, wanted, upstream[:, :, : y.shape[2], : y.shape[3]])]


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.fixture
def nothing_is_zero_by_chance() -> Iterator[None]:
    """`torch.empty` is full of NaN."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("nothing_is_zero_by_chance")
@pytest.mark.parametrize("pooling", [False, True], ids=["whole", "pooled"])
@pytest.mark.parametrize("shape", SHAPES)
def test_numbers_and_gradients_are_torchs(shape: tuple[int, ...], pooling: bool, threads: int) -> None:
    torch.manual_seed(0)
    n, fan_in, fan_out, h, w = shape
    if pooling and h == 1:
        pytest.skip("nothing to pool")
    ours = Conv2d(fan_in, fan_out, 3, padding=1, bias=False)
    theirs = nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(n, fan_in, h, w).contiguous(memory_format=torch.channels_last)
    upstream = torch.randn(n, fan_out, h, w)
    for got, expected in zip(
        _numbers(ours, x, upstream, pooling),
        _numbers(theirs, x.double(), upstream.double(), pooling),
        strict=True,
    ):
        assert (got - expected).abs().max() < 2e-6 * expected.abs().max()


def test_the_bits_do_not_depend_on_the_threads() -> None:
    torch.manual_seed(0)
    ours = Conv2d(8, 16, 3, padding=1, bias=False)
    x = torch.randn(13, 8, 8, 16).contiguous(memory_format=torch.channels_last)
    upstream, before, found = torch.randn(13, 16, 8, 16), torch.get_num_threads(), []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        found.append(_numbers(ours, x, upstream) + _numbers(ours, x, upstream, True))
    torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_finite_goes_through(value: float) -> None:
    ours = Conv2d(8, 8, 3, padding=1, bias=False)
    x = torch.zeros(1, 8, 8, 16).contiguous(memory_format=torch.channels_last)
    x[0, 3, 4, 4] = value
    assert (~torch.isfinite(ours(x))).sum() == 9 * 8
    if value != value:  # of the infinities some are negative
        assert torch.isnan(Stack(ours, HalvingMaxPool())(x)).sum() == 4 * 8


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
    x = torch.randn(2, 8, 12, 16).contiguous(memory_format=torch.channels_last)
    assert torch.equal(ours(x), theirs(x))
    assert "_Convolution" not in type(ours(x).grad_fn).__name__


@pytest.mark.parametrize(
    "x",
    [
        torch.randn(2, 8, 8, 16),
        torch.randn(2, 8, 8, 18).contiguous(memory_format=torch.channels_last),
        torch.randn(2, 8, 16, 12).contiguous(memory_format=torch.channels_last),
        torch.randn(8, 8, 16),
    ],
    ids=["channels first", "width", "narrow", "no batch"],
)
def test_any_other_input_is_torchs(x: Tensor) -> None:
    ours = Conv2d(8, 8, 3, padding=1, bias=False)
    assert torch.equal(ours(x), nn.functional.conv2d(x, ours.weight, padding=1))


def test_double_precision_is_torchs() -> None:
    ours = Conv2d(8, 8, 3, padding=1, bias=False).double()
    x = torch.randn(2, 8, 8, 16).double().contiguous(memory_format=torch.channels_last)
    assert torch.equal(ours(x), nn.functional.conv2d(x, ours.weight, padding=1))


def test_a_weight_of_another_shape_is_torchs() -> None:
    ours = Conv2d(8, 64, 3, padding=1, bias=False)
    ours.weight = nn.Parameter(ours.weight[:8].detach())
    x = torch.randn(2, 8, 8, 16).contiguous(memory_format=torch.channels_last)
    assert torch.equal(ours(x), nn.functional.conv2d(x, ours.weight, padding=1))


def test_autocast_is_torchs() -> None:
    ours = Conv2d(8, 8, 3, padding=1, bias=False)
    x = torch.randn(2, 8, 8, 16).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert ours(x).dtype == torch.bfloat16


@pytest.mark.parametrize("default", [torch.float64, torch.bfloat16])
def test_the_default_type_is_of_no_account(default: torch.dtype) -> None:
    ours = Conv2d(8, 16, 3, padding=1, bias=False)
    x = torch.randn(2, 8, 8, 16).contiguous(memory_format=torch.channels_last)
    upstream, before = torch.randn(2, 16, 8, 16), torch.get_default_dtype()
    expected = [t for pooling in (False, True) for t in _numbers(ours, x, upstream, pooling)]
    torch.set_default_dtype(default)
    try:
        got = [t for pooling in (False, True) for t in _numbers(ours, x, upstream, pooling)]
        pooled = HalvingMaxPool()(x)
    finally:
        torch.set_default_dtype(before)
    assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
    assert torch.equal(pooled, nn.functional.max_pool2d(x, 2))


def test_half_of_the_code_is_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler did the way there and not the way back."""
    monkeypatch.setattr(convolution, "_code", lambda fan_in, fan_out: object() if fan_in == 8 else None)
    convolution._codes.cache_clear()
    try:
        ours = Conv2d(8, 16, 3, padding=1, bias=False)
        x = torch.randn(2, 8, 8, 16).contiguous(memory_format=torch.channels_last)
        assert torch.equal(ours(x), nn.functional.conv2d(x, ours.weight, padding=1))
    finally:
        convolution._codes.cache_clear()


def test_images_that_want_a_gradient_are_torchs() -> None:
    ours = Conv2d(3, 8, 3, padding=1, bias=False)
    x = torch.randn(2, 3, 8, 16).contiguous(memory_format=torch.channels_last).requires_grad_()
    got, expected = (
        torch.autograd.grad(y.square().sum(), x)[0]
        for y in (ours(x), nn.functional.conv2d(x, ours.weight, padding=1))
    )
    assert torch.equal(got, expected)


def _written(x: Tensor) -> str:
    return type(x.grad_fn).__name__


@needs_c
def test_the_c_code_is_used() -> None:
    ours = Conv2d(8, 16, 3, padding=1, bias=False)
    x = torch.randn(2, 8, 8, 16).contiguous(memory_format=torch.channels_last)
    assert "_Convolution" in _written(ours(x))
    assert "_Convolution" in _written(Stack(ours, HalvingMaxPool())(x))


@pytest.mark.parametrize("pooling", [HalvingMaxPool(), HalvingMinPool(), nn.AvgPool2d(2)])
def test_a_stack_is_its_layers_one_after_the_other(pooling: nn.Module) -> None:
    ours, seen = Conv2d(8, 16, 3, padding=1, bias=False), []
    stack = Stack(ours, pooling, nn.ReLU())
    x = torch.randn(2, 8, 6, 16).contiguous(memory_format=torch.channels_last)
    expected = torch.relu(pooling(ours(x)))
    assert torch.equal(stack(x), expected)
    hook = pooling.register_forward_hook(lambda module, given, y: seen.append(given[0].shape))
    assert torch.equal(stack(x), expected)
    hook.remove()
    assert seen == [(2, 16, 6, 16)]


def test_odd_sides_are_pooled_as_torch_does() -> None:
    ours = Conv2d(8, 16, 3, padding=1, bias=False)
    x = torch.randn(2, 8, 5, 16).contiguous(memory_format=torch.channels_last)
    assert torch.equal(Stack(ours, HalvingMaxPool())(x), nn.functional.max_pool2d(ours(x), 2))
