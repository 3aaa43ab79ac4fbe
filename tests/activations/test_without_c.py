"""Primitives that have no C form are served by the eager code, with torch's own gradients."""

from __future__ import annotations

import pytest
import torch

from nas.activations.compiled import compiled_code
from nas.activations.eager import eager_code
from nas.symbolic.parse import parse

TORCH = {
    "i0e(x)": torch.special.i0e,
    "i1e(x)": torch.special.i1e,
    "power(abs(x), tanh(x))": lambda x: torch.pow(torch.abs(x), torch.tanh(x)),
    "power(2, x)": lambda x: torch.pow(2.0, x),
}


@pytest.mark.parametrize("text", TORCH)
def test_eager_code_is_torchs(text: str) -> None:
    expression = parse(text)
    assert compiled_code(expression) is None
    x = torch.tensor([-3.1, -0.7, -0.02, 0.31, 1.7, 4.2], dtype=torch.float64, requires_grad=True)
    reference = TORCH[text](x)
    (slope,) = torch.autograd.grad(reference.sum(), x)
    code = eager_code(expression)
    torch.testing.assert_close(code.forward(x.detach())[0], reference.detach())
    torch.testing.assert_close(code.backward(x.detach())[0], slope)
