"""The schedules against torch's and the trainer's own."""

from __future__ import annotations

from math import sqrt

import pytest
import torch

from nas.errors import SettingError
from nas.optimizers.schedules import factor
from nas.protocol import Recipe
from nas.rows.schedules import SCHEDULES
from nas.training.schedule import lr_at

STEPS = 40


def factors(name: str, steps: int = STEPS, **hyper: float) -> list[float]:
    return [factor(name, step, steps, hyper) for step in range(steps)]


def torchs(build: object, steps: int = STEPS) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = build(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_cosine_is_torchs() -> None:
    expected = torchs(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS - 1, eta_min=0.02))
    assert factors("cosine", end_div=50.0) == pytest.approx(expected, abs=1e-12)


def test_step_is_torchs() -> None:
    expected = torchs(lambda o: torch.optim.lr_scheduler.StepLR(o, 10, gamma=0.2))
    assert factors("step", drop=5.0, stages=4) == pytest.approx(expected, rel=1e-12)


def test_one_cycle_is_torchs_and_the_trainers() -> None:
    expected = torchs(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, 1.0, total_steps=STEPS + 1, pct_start=0.3 * STEPS / (STEPS + 1), div_factor=25.0,
            final_div_factor=400.0, cycle_momentum=False,
        ),
        steps=1,
    )  # fmt: skip
    assert factors("one_cycle")[0] == pytest.approx(expected[0])
    for steps in (1, 3, 40, 97):
        recipe = Recipe(lr=1.0, warmup=0.3, start_div=25.0, end_div=1e4)
        trainers = [lr_at(step, steps, recipe) for step in range(steps)]
        assert factors("one_cycle", steps) == pytest.approx(trainers, rel=1e-12)


def test_warm_ups_rise_along_a_line_to_1() -> None:
    line = factors("linear_warmup", warmup=0.25)
    assert line[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert line[10:] == pytest.approx([(40 - i) / 30 for i in range(10, 40)])
    root = factors("inverse_sqrt", warmup=0.25)
    assert root[:10] == pytest.approx(line[:10])
    assert root[10:] == pytest.approx([sqrt(10 / (i + 1)) for i in range(10, 40)])


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_row_is_a_schedule(name: str) -> None:
    for steps in (1, 2, 7, 100):
        assert all(0 < f <= 1 + 1e-12 for f in factors(name, steps))
    assert max(factors(name, 100)) == pytest.approx(1.0, abs=0.1)
    for hyper in SCHEDULES[name].hyper:
        assert hyper.low <= hyper.default <= hyper.high


def test_wrong_names_teach() -> None:
    with pytest.raises(SettingError, match="no schedule of this name"):
        factor("cosin", 0, 10)
    with pytest.raises(SettingError, match="cosine has no such hyperparameter"):
        factor("cosine", 0, 10, {"end_dif": 3.0})
