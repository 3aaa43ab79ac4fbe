"""Batch norm and activation in one against torch's own two in float64, and against differences in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nas.activations import normalized
from nas.activations.module import Activation
from nas.activations.normalized import normalized_code
from nas.native import compiler
from nas.symbolic.numeric import evaluate_tree
from nas.symbolic.parse import parse

pytestmark = pytest.mark.skipif(not compiler.available(), reason="no C compiler that does it here")

TEXTS = [
    "max(x, 0)",
    "x*sigmoid(x)",
    "max(x, tanh(x))*sigmoid(x) - exp(-x^2)",
    "p1*x*sigmoid(beta[scalar]*x) + p2",
    "beta",
]
# channels that do not divide a row, that exceed one, images of odd sides, fewer numbers than a row
SHAPES = [(4, 8, 16, 16), (3, 5, 7, 7), (2, 3, 1, 1), (2, 300, 3, 5), (9, 16, 4, 4), (7, 1, 3, 3)]


def _pair(text: str, channels: int) -> tuple[nn.BatchNorm2d, Activation]:
    torch.manual_seed(2)
    norm, activation = nn.BatchNorm2d(channels), Activation(parse(text), channels)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.normal_()
        for parameter in activation.parameters():
            parameter += 0.3 * torch.rand_like(parameter)
    return norm, activation


def _images(*shape: int, mean: float = 0.7) -> Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(4)) * 2.1
    x += mean * torch.arange(1.0, shape[1] + 1).view(1, -1, 1, 1) / shape[1]
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_values_gradients_and_running_averages_are_torchs(text: str, shape: tuple[int, ...]) -> None:
    norm, activation = _pair(text, shape[1])
    wide_norm, wide_activation = (_pair(text, shape[1])[i].double() for i in (0, 1))
    upstream = _images(*shape).flip(0).contiguous()
    for step in range(2):
        x = _images(*shape, mean=0.7 + step).requires_grad_()
        wide = x.detach().double().requires_grad_()
        y = activation.after_norm(x, norm)
        assert y is not None
        expected = wide_activation(wide_norm(wide))
        torch.testing.assert_close(y.double(), expected, rtol=1e-4, atol=1e-5)
        got = torch.autograd.grad(y, [x, *norm.parameters(), *activation.parameters()], upstream)
        right = torch.autograd.grad(
            expected, [wide, *wide_norm.parameters(), *wide_activation.parameters()], upstream.double()
        )
        for ours, theirs in zip(got, right, strict=True):
            assert ours.dtype == torch.float32
            limit = 1e-4 * max(1.0, theirs.abs().max().item())
            torch.testing.assert_close(ours.double(), theirs, rtol=1e-4, atol=limit)
    for name, value in wide_norm.state_dict().items():
        torch.testing.assert_close(norm.state_dict()[name].to(value.dtype), value, rtol=1e-5, atol=1e-6)
    norm.eval(), wide_norm.eval()
    with torch.no_grad():
        y = activation.after_norm(x, norm)
        torch.testing.assert_close(y.double(), wide_activation(wide_norm(wide)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("text", ["x*sigmoid(beta*x) + p1[scalar]*sin(p2*x)", "gelu"])
def test_gradients_are_the_differences_of_numpys_values(text: str) -> None:
    """Along random directions in x, the norm's weight and bias, and every parameter."""
    norm, activation = _pair(text, 3)
    x = _images(5, 3, 4, 3).requires_grad_()
    upstream = _images(5, 3, 4, 3).flip(0)
    places = {"x": x, "weight": norm.weight, "bias": norm.bias, **dict(activation.named_parameters())}
    start = {name: t.detach().double().numpy() for name, t in places.items()}

    def loss(values: dict[str, np.ndarray]) -> float:
        def spread(v: np.ndarray) -> np.ndarray:
            return v[:, None, None] if v.ndim else v

        images = values["x"]
        mean, var = (m(axis=(0, 2, 3), keepdims=True) for m in (images.mean, images.var))
        u = (images - mean) / np.sqrt(var + 1e-5) * spread(values["weight"]) + spread(values["bias"])
        known = {p.name: spread(values[p.name]) for p in activation.expression.parameters}
        return float((upstream.numpy() * evaluate_tree(activation.expression.tree, u, known)).sum())

    y = activation.after_norm(x, norm)
    assert y is not None
    slopes = dict(zip(places, torch.autograd.grad(y, list(places.values()), upstream), strict=True))
    random = np.random.default_rng(8)
    for name, value in start.items():
        direction = random.normal(size=value.shape)
        ends = [loss({**start, name: value + h * direction}) for h in (1e-6, -1e-6)]
        exact = (ends[0] - ends[1]) / 2e-6
        assert (slopes[name].double().numpy() * direction).sum() == pytest.approx(exact, rel=2e-4, abs=1e-3)


def test_a_mean_far_from_zero_costs_no_accuracy() -> None:
    norm, activation = _pair("tanh(x)", 4)
    x = torch.randn(16, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    far = (x + 3000).contiguous(memory_format=torch.channels_last)
    expected = activation.double()(norm.double()(far.double()))
    y = _pair("tanh(x)", 4)[1].after_norm(far, _pair("tanh(x)", 4)[0])
    # the mean is known to 1.2e-4, half the distance of two numbers there, times a scale of up to 2
    torch.testing.assert_close(y.double(), expected, rtol=0, atol=2.5e-4)


def test_nan_and_infinity_reach_the_output() -> None:
    for bad in (torch.nan, torch.inf):
        norm, activation = _pair("max(x, 0)", 8)
        x = _images(4, 8, 4, 4)
        x[1, 3, 2, 2] = bad
        y = activation.after_norm(x, norm)
        assert y[:, 3].isnan().all()
        assert y[:, :3].isfinite().all()
        assert norm.running_var[3].isnan()


def test_the_input_alone_is_kept_of_what_is_large() -> None:
    norm, activation = _pair("max(x, tanh(x))*sigmoid(beta*x) - exp(-x^2)", 8)
    saved: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        activation.after_norm(_images(4, 8, 4, 4).requires_grad_(), norm)
    assert sorted(t.numel() for t in saved) == [8, 8, 8, 8, 8, 512]


def test_the_same_bits_every_time() -> None:
    results = []
    for _ in range(2):
        norm, activation = _pair("p1*x*sigmoid(beta[scalar]*x)", 8)
        x = _images(32, 8, 8, 8).requires_grad_()
        y = activation.after_norm(x, norm)
        gradients = torch.autograd.grad(y.square().sum(), [x, *norm.parameters(), *activation.parameters()])
        results.append([y, *gradients, *norm.buffers()])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_what_does_not_fit_is_left_to_the_two() -> None:
    norm, activation = _pair("max(x, 0)", 8)
    x = _images(4, 8, 4, 4)
    assert activation.after_norm(x.contiguous(), norm) is None, "channels are not side by side"
    assert activation.after_norm(x.double(), norm) is None
    assert activation.after_norm(x[:1, :, :1, :1], norm) is None, "no variance of one number: torch complains"
    for exotic in ({"affine": False}, {"track_running_stats": False}, {"momentum": None}):
        assert activation.after_norm(x, nn.BatchNorm2d(8, **exotic)) is None
    assert activation.after_norm(x, norm.eval()) is None, "gradients by fixed moments"
    assert normalized_code(parse("i0e(x)")) is None, "C has no such function"


def test_an_expression_has_one_code_however_it_was_typed() -> None:
    assert normalized_code(parse("x*sigmoid(x)")) is normalized.normalized_code(parse("x/(1 + exp(-x))"))
