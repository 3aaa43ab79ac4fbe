"""Muon: what is a matrix, how a convolution becomes one, and that the step is nearly orthogonal."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nas.optimizers.library import make

LR = 0.05


def moved(w: Tensor, gradient: Tensor, steps: int = 1) -> Tensor:
    """The way that Muon takes a weight under a constant gradient."""
    w = w.clone(memory_format=torch.preserve_format).requires_grad_()
    before = w.detach().clone()
    optimizer = make("muon", [w])
    for _ in range(steps):
        w.grad = gradient.clone(memory_format=torch.preserve_format)
        optimizer.step(LR)
    return w.detach() - before


@pytest.mark.parametrize("shape", [(6, 4), (4, 9), (5, 5)])
def test_a_matrix_moves_by_its_orthogonal_part(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    w, g = torch.randn(shape), torch.randn(shape)
    step = -moved(w, g) / (LR * 0.2 * max(shape) ** 0.5)
    u, _, v = torch.linalg.svd(g, full_matrices=False)
    sizes = torch.linalg.svdvals(step)
    assert sizes.min() > 0.6
    assert sizes.max() < 1.3
    assert torch.trace(step.T @ (u @ v)) / min(shape) > 0.7  # along U V^T


def test_a_convolution_is_the_matrix_of_its_rows() -> None:
    torch.manual_seed(2)
    w, g = torch.randn(6, 3, 3, 2), torch.randn(6, 3, 3, 2)
    as_matrix = moved(w.flatten(1), g.flatten(1), steps=3)
    torch.testing.assert_close(moved(w, g, steps=3).flatten(1), as_matrix, rtol=0, atol=0)
    last = torch.channels_last
    permuted = moved(w.to(memory_format=last), g.to(memory_format=last), steps=3)
    mixed = moved(w.to(memory_format=last), g, steps=3)
    for other in (permuted, mixed):  # other orders of summation in bfloat16
        torch.testing.assert_close(other.flatten(1), as_matrix, rtol=0, atol=2e-3)


def test_it_is_torchs_muon_for_matrices_and_adamw_for_vectors() -> None:
    torch.manual_seed(3)
    w, b = torch.randn(5, 3), torch.randn(5)
    ours, theirs = [[t.clone().requires_grad_() for t in (w, b)] for _ in range(2)]
    optimizer = make("muon", ours[:1], ours[1:], {"momentum": 0.8}, weight_decay=0.1)
    muon = torch.optim.Muon(theirs[:1], lr=LR, momentum=0.8, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(theirs[1:], lr=LR, weight_decay=0.0, fused=True)
    for _ in range(4):
        for tensors in (ours, theirs):
            for t in tensors:
                t.grad = None
            ((tensors[0] ** 3).sum(1) * tensors[1] + tensors[1] ** 2).sum().backward()
        optimizer.step(LR)
        muon.step()
        adamw.step()
        for p, q in zip(ours, theirs, strict=True):
            torch.testing.assert_close(p, q, rtol=1e-6, atol=1e-6)
