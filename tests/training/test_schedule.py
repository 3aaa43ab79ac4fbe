"""The learning rate against torch's own OneCycleLR."""

from __future__ import annotations

import pytest
import torch

from nas.protocol import Recipe
from nas.training.schedule import lr_at, rungs


@pytest.mark.parametrize(("steps", "warmup"), [(234, 0.3), (100, 0.07), (7, 0.6), (16, 0.95)])
def test_every_step_equals_torchs(steps: int, warmup: float) -> None:
    recipe = Recipe(lr=0.7, warmup=warmup, start_div=20.0, end_div=300.0)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=0.7,
        total_steps=steps,
        pct_start=warmup,
        cycle_momentum=False,
        div_factor=20.0,
        final_div_factor=300.0 / 20.0,
    )
    for step in range(steps):
        assert lr_at(step, steps, recipe) == pytest.approx(schedule.get_last_lr()[0], rel=1e-9), step
        optimizer.step()
        if step < steps - 1:
            schedule.step()


def test_endpoints() -> None:
    recipe = Recipe(lr=0.4, warmup=0.25, start_div=10.0, end_div=1000.0)
    rates = [lr_at(step, 40, recipe) for step in range(40)]
    assert rates[0] == pytest.approx(0.04)
    assert rates[9] == pytest.approx(0.4)  # 0.25 * 40 - 1
    assert rates[-1] == pytest.approx(0.0004)
    assert max(rates) <= 0.4


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_short_trainings_have_a_rate_too(steps: int) -> None:
    """Where warmup * steps is 1, torch's scheduler divides by zero."""
    recipe = Recipe(lr=0.4, warmup=1 / steps if steps > 1 else 0.5)
    rates = [lr_at(step, steps, recipe) for step in range(steps)]
    assert all(0 < rate <= 0.4 for rate in rates)


def test_rungs_share_their_trunk_and_cool_down_along_a_line() -> None:
    recipe = Recipe(lr=0.4, warmup=0.3, start_div=10.0, end_div=1000.0, schedule="wsd", cooldown=0.25)
    low, high = rungs((40, 120), recipe)
    assert [low.lr(s, recipe) for s in range(40)] == [lr_at(s, 40, recipe) for s in range(40)]
    assert (low.trunk, low.end, high.trunk, high.end) == (30, 40, 90, 120)
    shared = [low.lr(step, recipe) for step in range(30)]
    assert shared == [high.lr(step, recipe) for step in range(30)]
    assert shared[0] == pytest.approx(0.04)
    assert shared[12:] == [0.4] * 18  # 0.3 * 40 steps of warm-up
    assert high.lr(89, recipe) == 0.4
    for rung in (low, high):
        falling = [rung.lr(step, recipe) for step in range(rung.trunk, rung.end)]
        assert falling[-1] == pytest.approx(0.0004)
        drops = [a - b for a, b in zip([0.4, *falling], falling, strict=False)]
        assert drops == pytest.approx([(0.4 - 0.0004) / len(falling)] * len(falling))
