"""The optimizer against torch's own, step by step, and what it does not load."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor

from nas.optimizers.sgd import SGD


def _parameters() -> list[Tensor]:
    torch.manual_seed(3)
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 2), (4,), (), (2,))]


@pytest.mark.parametrize(
    ("momentum", "nesterov", "decay"),
    [(0.9, True, 0.01), (0.9, False, 0.0), (0.0, False, 0.02), (0.0, True, 0.0)],
)
def test_every_step_is_torchs(momentum: float, nesterov: bool, decay: float) -> None:
    ours, theirs = _parameters(), _parameters()
    optimizer = SGD(ours[:2], ours[2:], momentum=momentum, nesterov=nesterov, decay=decay)
    reference = torch.optim.SGD(
        [{"params": theirs[:2]}, {"params": theirs[2:], "weight_decay": 0.0}],
        lr=1.0, momentum=momentum, nesterov=nesterov and momentum > 0, weight_decay=decay, foreach=False,
    )  # fmt: skip
    for step, lr in enumerate((0.3, 0.1, 0.25, 0.01)):
        for parameters in (ours, theirs):
            for p in parameters:
                p.grad = None
            used = parameters[: 3 if step == 1 else 2]  # one joins late, one never: it must not move
            sum((p**3 + torch.sin(2 * p)).sum() for p in used).backward()
        optimizer.step(lr)
        for group in reference.param_groups:
            group["lr"] = lr
        reference.step()
        for p, q in zip(ours, theirs, strict=True):
            torch.testing.assert_close(p, q, rtol=1e-13, atol=1e-13)
    assert torch.equal(ours[3], _parameters()[3])
    optimizer.forget_gradients()
    assert all(p.grad is None for p in ours)


@pytest.mark.slow
def test_it_does_not_load_torchs_compiler() -> None:
    code = (
        "import sys, torch\nfrom nas.optimizers.sgd import SGD\n"
        "w = torch.ones(3, requires_grad=True)\n"
        "optimizer = SGD([w], [], momentum=0.9, nesterov=True, decay=0.1)\n"
        "w.sum().backward()\noptimizer.step(0.1)\nprint('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
