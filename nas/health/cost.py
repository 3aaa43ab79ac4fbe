"""What a function costs beside ReLU: time forward and backward, measured in the eager form of both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nas.activations.eager import EagerCode, eager_code
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse

NUMBERS = 1 << 17  #: float32 numbers: half a megabyte, as a layer's output on its way through the cache
_SECONDS = 0.25
_LEAST_ROUNDS, _MOST_ROUNDS = 5, 60


def cost_vs_relu(expression: Expression) -> float:
    """Time for f and f' times a gradient, relative to max(x, 0); one thread, best of rounds in turn."""
    code, relu = eager_code(expression), eager_code(parse("max(x, 0)"))
    x, gradient = torch.linspace(-4, 4, NUMBERS), torch.linspace(1, 2, NUMBERS)
    parameters = [torch.tensor(p.start) for p in expression.parameters]
    own: list[float] = []
    base: list[float] = []
    end = time.perf_counter() + _SECONDS
    with one_thread():
        while len(own) < _LEAST_ROUNDS or (time.perf_counter() < end and len(own) < _MOST_ROUNDS):
            own.append(_seconds(code, x, gradient, parameters))
            base.append(_seconds(relu, x, gradient, []))
    return min(own) / min(base)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch calculate in one thread: for small tensors and measurements, more only disturb."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _seconds(
    code: EagerCode, x: torch.Tensor, gradient: torch.Tensor, parameters: list[torch.Tensor]
) -> float:
    start = time.thread_time()  # of the processor: what other processes take does not count
    code.forward(x, *parameters)
    slopes = code.backward(x, *parameters)
    _ = [gradient * slope for slope in slopes]
    return time.thread_time() - start
