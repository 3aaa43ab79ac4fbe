"""The heights of a task in the plane, sampled for the terminal."""

from __future__ import annotations

import numpy.typing as npt
import torch

from nas.tasks.objective import Objective
from nas.terminal.landscape import Landscape

_SAMPLES = 121  #: of the heights along each axis


def landscape(objective: Objective, path: npt.ArrayLike) -> Landscape:
    """F - F* over the task's window, and a path [points, 2]; only for a task of two weights."""
    assert objective.task.window is not None
    left, right, low, high = objective.task.window
    y, x = (torch.linspace(a, b, _SAMPLES, dtype=torch.float64) for a, b in ((low, high), (left, right)))
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1).reshape(-1, 2)
    heights = torch.func.vmap(lambda point: objective.value((point,)))(grid) - objective.least
    goal_x, goal_y = objective.optimum[0].tolist()
    sampled = heights.reshape(_SAMPLES, _SAMPLES).numpy()
    return Landscape(objective.task.window, sampled, path, (goal_x, goal_y))
