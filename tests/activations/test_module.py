"""Generated torch code against torch.nn.functional, mpmath and finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.activations.eager import eager_code
from nas.activations.module import Activation, activation
from nas.symbolic.build import rebuild
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X
from nas.symbolic.form import form
from nas.symbolic.numeric import evaluate_mpmath, evaluate_tree
from nas.symbolic.parse import parse
from tests.symbolic.expressions import FORMULAS

POINTS = [-81.0, -7.31, -2.93, -0.83, -0.011, 0.0037, 0.47, 1.71, 5.93, 77.0]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("max(x, 0)", F.relu),
        ("max(x, 0.01*x)", F.leaky_relu),
        ("max(x, 0) + min(exp(x) - 1, 0)", F.elu),
        ("x/(1 + exp(-x))", F.silu),
        ("0.5*x*(1 + erf(x/sqrt(2)))", F.gelu),
        ("x*tanh(log(1 + exp(x)))", F.mish),
        ("log(1 + exp(x))", F.softplus),
        ("tanh(x)", torch.tanh),
        ("1/(1 + exp(-x))", torch.sigmoid),
        ("x/(1 + abs(x))", F.softsign),
        ("min(max(x + 3, 0), 6)*x/6", F.hardswish),
        ("-log(1 + exp(-x))", F.logsigmoid),
    ],
)
def test_known_functions_equal_torchs_own(text: str, reference: Callable[[Tensor], Tensor]) -> None:
    torch.manual_seed(0)
    x = (4 * torch.randn(5, 3, 7, 7, dtype=torch.float64)).requires_grad_()
    upstream = torch.randn_like(x)
    ours, theirs = Activation(parse(text), 3)(x), reference(x)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    got, expected = (torch.autograd.grad(y, x, upstream)[0] for y in (ours, theirs))
    torch.testing.assert_close(got, expected, rtol=1e-7, atol=1e-7)


def _overflows(expression: Expression, x: float) -> bool:
    """Whether some part of f or f' leaves float32's range at x: what no code of this form can mend."""
    known = {p.name: p.start for p in expression.parameters}
    for tree in (expression.tree, derivative(expression.tree, X)):
        for node in form(tree).walk():
            if not abs(float(evaluate_tree(rebuild(node), x, known))) < 1e38:
                return True
    return False


@pytest.mark.parametrize("text", FORMULAS)
def test_float32_is_right_wherever_float32_can_be(text: str) -> None:
    """Within 64 ulp times the condition number of the exact value and slope: 1 + |x f'/f|, 1 + |x f''/f'|."""
    expression = parse(text)
    module = Activation(expression, 1)
    x = torch.tensor(POINTS, requires_grad=True)
    y = module(x.view(1, 1, -1)).view(-1)
    (slope,) = torch.autograd.grad(y.sum(), x)
    for i, point in enumerate(np.float32(POINTS)):
        exact = [float(evaluate_mpmath(expression, float(point) + d, digits=60)) for d in (0.0, 1e-9, -1e-9)]
        slopes = [
            float(evaluate_mpmath(expression, float(point) + d, by="x", digits=60))
            for d in (0.0, 1e-7, -1e-7)
        ]
        for got, value, change in (
            (y[i].item(), exact[0], slopes[0]),
            (slope[i].item(), slopes[0], (slopes[1] - slopes[2]) / 2e-7),
        ):
            if not _overflows(expression, float(point)):
                scale = abs(value) + abs(point * change) + 1e-6 * max(abs(v) for v in exact) + 1e-37
                assert abs(got - value) <= 64 * np.finfo(np.float32).eps * scale + 1e-6 * (abs(value) < 1e-6)


@pytest.mark.parametrize("text", [*FORMULAS, "beta", "3", "p[scalar]*x + beta[scalar]"])
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5), (2, 3, 4, 5)])
def test_gradients_of_input_and_parameters_match_differences(text: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    module = Activation(parse(text), 3).double()
    x = (torch.randn(shape, dtype=torch.float64) * 1.7 + 0.123).requires_grad_()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.3 * torch.rand_like(parameter)
    assert torch.autograd.gradcheck(lambda x, *_: module(x), (x, *module.parameters()), eps=1e-7, atol=1e-4)


def test_where_naive_printing_dies() -> None:
    x = torch.tensor([[-300.0, -95.0, 95.0, 300.0]], requires_grad=True)
    for text, value, slope in (
        ("x/(1 + exp(-x))", [0, 0, 95, 300], [0, 0, 1, 1]),
        ("log(1 + exp(x))", [0, 0, 95, 300], [0, 0, 1, 1]),
        ("max(x, 0) + min(exp(x) - 1, 0)", [-1, -1, 95, 300], [0, 0, 1, 1]),
        ("tanh(log(1 + exp(x)))*x", [0, 0, 95, 300], [0, 0, 1, 1]),
        ("sinc(x)", np.sinc(np.array([-300, -95, 95, 300]) / np.pi), None),
    ):
        y = Activation(parse(text), 4)(x)
        torch.testing.assert_close(y, torch.tensor([list(value)], dtype=torch.float32), atol=1e-6, rtol=1e-6)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert torch.isfinite(gradient).all()
        if slope is not None:
            torch.testing.assert_close(
                gradient, torch.tensor([slope], dtype=torch.float32), atol=1e-6, rtol=0
            )


def test_only_the_input_and_parameters_are_kept_for_the_backward_pass() -> None:
    saved: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        Activation(parse("max(x, tanh(x))*sigmoid(beta*x) - exp(-x^2)"), 3)(
            torch.randn(2, 3, 4, 4, requires_grad=True)
        )
    assert sorted(t.numel() for t in saved) == [3, 96]


def test_parameters_start_as_the_expression_says_and_draw_nothing() -> None:
    state = torch.random.get_rng_state()
    module = Activation(parse("p1*x*sigmoid(beta[scalar, 2]*x) + p2"), 5)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert {n: (tuple(p.shape), p.flatten()[0].item()) for n, p in module.named_parameters()} == {
        "beta": ((), 2.0),
        "p1": ((5,), 1.0),
        "p2": ((5,), 0.0),
    }


def test_memory_format_and_type_are_kept() -> None:
    x = torch.randn(2, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    y = Activation(parse("x*sigmoid(x) + 1"), 3)(x)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert Activation(parse("x*sigmoid(beta*x)"), 3)(x.bfloat16()).dtype is torch.bfloat16
    assert Activation(parse("3"), 3)(x).shape == x.shape


def test_source_has_each_subexpression_once() -> None:
    source = eager_code(parse("tanh(x)*sigmoid(tanh(x)) + tanh(x)")).source
    forward = source.split("def backward")[0]
    assert forward.count("torch.tanh") == 1


def test_a_network_gets_its_own_module_at_each_place() -> None:
    make = activation(parse("beta*x"))
    first, second = make(3), make(4)
    assert isinstance(first, nn.Module)
    assert [p.numel() for m in (first, second) for p in m.parameters()] == [3, 4]
