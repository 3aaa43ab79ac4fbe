"""The way of a GPU, walked on a CPU: same numbers, and torch's operations where its compiler fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from nas.activations import inductor
from nas.activations.eager import eager_code
from nas.activations.inductor import InductorCode
from nas.symbolic.parse import parse

GATE = parse("max(x, tanh(x))*sigmoid(beta*x) - exp(-x^2)")
X = torch.linspace(-4, 4, 96).view(2, 3, 4, 4)


@pytest.fixture(autouse=True)
def _unwarned() -> Iterator[None]:
    inductor._notice.cache_clear()
    yield
    inductor._notice.cache_clear()


def _broken(function: Callable[..., Any], **_: Any) -> Callable[..., Any]:
    def fail(*arguments: Any) -> Any:
        raise RuntimeError("no working C++ compiler")

    return fail


def test_a_failure_of_torchs_compiler_is_noted_once_and_the_operations_serve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "compile", _broken)
    code, other = InductorCode(GATE), InductorCode(parse("tanh(x)"))
    assert code.compiled
    beta = torch.tensor(1.3)
    with pytest.warns(UserWarning, match="operation by operation"):
        value = code.forward(X, beta)
    assert not code.compiled
    assert torch.equal(value[0], eager_code(GATE).forward(X, beta)[0])
    assert len(code.backward(X, beta)) == 2  # warnings are errors here: there is no second one
    other.forward(X)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's own
def test_torchs_compiler_gives_the_numbers_of_the_operations() -> None:
    code, eager = InductorCode(GATE), eager_code(GATE)
    for got, expected in (
        (code.forward(X, torch.tensor(1.3)), eager.forward(X, torch.tensor(1.3))),
        (code.backward(X, torch.tensor(1.3)), eager.backward(X, torch.tensor(1.3))),
    ):
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-6)
    assert code.compiled
