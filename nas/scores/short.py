"""A very short training of a narrow, shallow form of a network on small images."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STEPS, BATCH = 40, 32
_LR, _MOMENTUM, _DECAY, _WARMUP = 0.1, 0.9, 5e-4, 0.2


def short_training(network: nn.Module, x: Tensor, y: Tensor, x_val: Tensor, y_val: Tensor) -> float:
    """Minus the cross-entropy on x_val after 40 steps of SGD on batches of 32 images of x, in their order.

    SGD with Nesterov's momentum under one cycle of the learning rate. Batch norm uses the batch it sees, in
    validation too: running averages lag behind so short a training. A loss that is not finite counts as that
    of a network which is certain of the wrong class, -100.
    """
    optimizer = torch.optim.SGD(
        network.parameters(), lr=_LR, momentum=_MOMENTUM, nesterov=True, weight_decay=_DECAY
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LR, STEPS, pct_start=_WARMUP)
    network.train()
    for step in range(STEPS):
        here = torch.arange(step * BATCH, (step + 1) * BATCH) % len(x)
        loss = F.cross_entropy(network(x[here]), y[here])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        losses = [
            F.cross_entropy(network(a), b, reduction="sum")
            for a, b in zip(torch.split(x_val, 250), torch.split(y_val, 250), strict=True)
        ]
    loss_val = float(torch.stack(losses).sum()) / len(y_val)
    return -min(loss_val, 100.0) if loss_val == loss_val else -100.0
