"""Edges of the finite range, against the largest numbers of each type and the module of the networks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nas.activations.module import Activation
from nas.health.finite import DTYPES, finite_range
from nas.symbolic.parse import parse

LARGEST = {name: torch.finfo(dtype).max for name, dtype in DTYPES.items()}


def edges(text: str, name: str) -> tuple[float, float]:
    found = finite_range(parse(text), DTYPES[name])
    assert found is not None
    assert found.whole == (found.low == -LARGEST[name] and found.high == LARGEST[name])
    return found.low, found.high


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("text", ["max(x, 0)", "x", "x*sigmoid(x)", "tanh(x)", "3"])
def test_whole_range(text: str, name: str) -> None:
    assert edges(text, name) == (-LARGEST[name], LARGEST[name])


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize(
    ("text", "inverse"),
    [("exp(x)", math.log), ("x^3", np.cbrt), ("x^2", np.sqrt)],
)
def test_overflow_is_where_the_inverse_says(text: str, name: str, inverse) -> None:
    high = edges(text, name)[1]
    resolution = torch.finfo(DTYPES[name]).eps * 2  # two numbers of the type
    assert high == pytest.approx(inverse(LARGEST[name]), rel=resolution)


def test_known_edges() -> None:
    assert edges("exp(x)", "float32")[1] == pytest.approx(88.72, abs=0.005)
    assert edges("x^3", "float16") == (-40.3125, 40.3125)
    low, high = edges("sqrt(x + 1)", "float32")  # at -1 the slope is infinite
    assert low == -1 + 2.0**-24
    assert high == LARGEST["float32"]


@pytest.mark.parametrize("text", ["1/x", "log(x)", "sqrt(x)", "exp(exp(exp(x + 2)))"])
def test_not_even_at_zero(text: str) -> None:
    assert finite_range(parse(text), torch.float32) is None


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("text", ["x^5", "exp(x)*sin(beta*x)", "x*exp(-x)"])
def test_the_module_is_finite_up_to_the_edge_and_not_beyond(text: str, name: str) -> None:
    f, dtype = parse(text), DTYPES[name]
    module = Activation(f, 1)
    for edge in edges(text, name):
        if abs(edge) == LARGEST[name]:
            continue
        x = torch.tensor([[edge]], dtype=dtype)
        beyond = torch.nextafter(x, torch.full_like(x, math.copysign(math.inf, edge)))
        assert finite(module, x)
        assert not finite(module, beyond)


def finite(module: Activation, x: torch.Tensor) -> bool:
    x = x.clone().requires_grad_()
    y = module(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return bool(torch.isfinite(y).all() and torch.isfinite(slope).all())
