"""The compiled loops against the eager form and against mpmath, over every primitive and every layout."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from nas.activations.compiled import CompiledCode, compiled_code, source
from nas.activations.eager import eager_code
from nas.activations.module import Activation
from nas.native import compiler
from nas.symbolic.expression import Expression
from nas.symbolic.numeric import evaluate_mpmath
from nas.symbolic.parse import parse
from nas.symbolic.primitives import PRIMITIVES
from tests.symbolic.expressions import FORMULAS

pytestmark = pytest.mark.skipif(not compiler.available(), reason="no C compiler that does it here")

UNARY = [
    f"{row.name}({'x' if row.domain == 'all real numbers' else 'abs(x) + 0.01'})"
    for row in PRIMITIVES.values()
    if row.arity == 1 and row.symbol is None and row.typed and row.c is not None
]


def _compiled(text: str) -> tuple[Expression, CompiledCode]:
    expression = parse(text)
    code = compiled_code(expression)
    assert code is not None, source(expression)
    return expression, code


def _images(*shape: int) -> Tensor:
    x = 2.3 * torch.randn(shape, generator=torch.Generator().manual_seed(5)) + 0.017
    return x.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else x


@pytest.mark.parametrize("text", [*UNARY, "max(x, sin(x))", "min(exp(x), 2 - x)"])
def test_every_primitive_is_right_to_a_few_ulp(text: str) -> None:
    expression, code = _compiled(text)
    points = np.float32([-11.3, -3.71, -1.09, -0.31, -0.004, 0.0021, 0.27, 0.93, 2.9, 9.7])
    x = torch.from_numpy(points)
    value = code.forward(x)
    (slope,) = code.backward(x, torch.ones_like(x))
    for i, point in enumerate(points.tolist()):
        for got, by in ((value[i].item(), None), (slope[i].item(), "x")):
            exact = float(evaluate_mpmath(expression, point, by=by))
            nearby = float(evaluate_mpmath(expression, point * (1 + 2e-7) + 1e-12, by=by))
            assert abs(got - exact) <= 8 * abs(nearby - exact) + 2e-6 * abs(exact) + 1e-30, (point, by)


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("shape", [(4, 3, 5, 5), (2, 8, 16, 16), (7, 3), (3, 8, 1, 7)])
def test_compiled_equals_eager(text: str, shape: tuple[int, ...]) -> None:
    expression, code = _compiled(text)
    x, upstream = _images(*shape), _images(*shape).flip(0)
    channels = 0.1 * torch.arange(float(shape[1]))
    parameters = [
        p.start + (channels if p.scope == "channel" else channels[1]) for p in expression.parameters
    ]
    assert code.fits(x, parameters)
    wide = [p.double().view(1, -1, *[1] * (x.ndim - 2)) if p.ndim else p.double() for p in parameters]
    eager = eager_code(expression)
    (value,) = eager.forward(x.double(), *wide)
    slopes = eager.backward(x.double(), *wide)
    torch.testing.assert_close(
        code.forward(x, *parameters), value.float().expand(shape), rtol=2e-5, atol=2e-5
    )
    dx, *dps = code.backward(x, upstream, *parameters)
    torch.testing.assert_close(dx, (slopes[0] * upstream).float().expand(shape), rtol=1e-4, atol=1e-4)
    for got, slope, parameter in zip(dps, slopes[1:], parameters, strict=True):
        products = (slope * upstream.double()).expand(shape)
        expected = products.sum([d for d in range(x.ndim) if d != 1]) if parameter.ndim else products.sum()
        torch.testing.assert_close(
            got, expected.float(), rtol=1e-3, atol=1e-3 * products.abs().sum().item() ** 0.5
        )


def test_nan_and_infinity_go_through_so_that_divergence_is_seen() -> None:
    x = torch.tensor([torch.nan, torch.inf, -torch.inf, 1.0])
    for text in ("max(x, 0)", "min(x, 0)", "abs(x)", "x*sigmoid(x)", "tanh(x)", "max(sin(x), x)"):
        value = _compiled(text)[1].forward(x)
        assert torch.isnan(value[0]), text
        assert torch.isfinite(value[3])
    assert _compiled("max(x, 0)")[1].forward(x)[1:3].tolist() == [torch.inf, 0.0]


def test_the_result_does_not_depend_on_what_was_computed_before_or_on_repetition() -> None:
    _, code = _compiled("p1*x*sigmoid(beta[scalar]*x)")
    x, g = _images(16, 8, 8, 8), _images(16, 8, 8, 8).flip(0)
    parameters = torch.tensor(1.3), torch.linspace(0.5, 2, 8)
    first = code.backward(x, g, *parameters)
    assert all(torch.equal(a, b) for a, b in zip(first, code.backward(x, g, *parameters), strict=True))


def test_layouts_that_do_not_fit_are_refused() -> None:
    _, learned = _compiled("beta*x")
    _, plain = _compiled("tanh(x)")
    images = torch.randn(2, 3, 4, 4)
    beta, dense = torch.ones(3), images.to(memory_format=torch.channels_last)
    assert plain.fits(images, [])
    assert learned.fits(dense, [beta])
    assert not learned.fits(images, [beta]), "channels are not side by side"
    assert not learned.fits(dense, [torch.ones(4)])
    assert not learned.fits(dense, [beta.double()])
    assert not learned.fits(dense, [torch.ones(6)[::2]])
    assert not plain.fits(images[:, :, ::2], [])
    assert not plain.fits(images.double(), [])


def test_without_a_compiler_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_NATIVE", "0")
    compiled_code.cache_clear()
    compiler.forget()
    try:
        assert compiled_code(parse("tanh(x)")) is None
        assert not compiler.available()
    finally:
        monkeypatch.undo()
        compiled_code.cache_clear()
        compiler.forget()


def test_parameters_that_do_not_fit_are_never_read_as_raw_memory() -> None:
    """Another number of channels, or another type, is torch's error or torch's numbers, not garbage."""
    f = parse("beta*x")
    with pytest.raises(RuntimeError):
        Activation(f, 4)(torch.ones(2, 12))
    wide = Activation(f, 4).double()
    x = torch.randn(2, 4)
    assert torch.allclose(wide(x), x)


def test_very_wide_inputs_do_not_end_the_process() -> None:
    """A row of a million numbers does not fit on a thread's stack."""
    for text, scope_channels in (("x*sigmoid(beta[scalar]*x)", 1), ("x*sigmoid(beta*x)", 200_000)):
        f = Activation(parse(text), scope_channels)
        x = torch.randn(2, 200_000, requires_grad=True)
        f(x).sum().backward()
        assert x.grad is not None
        expected = torch.sigmoid(x) * (1 + x * torch.sigmoid(-x))
        assert torch.allclose(x.grad, expected.detach(), atol=1e-6)
