"""The learning rate over the steps of a training: the factor of lr at each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import cos, pi, sqrt

from nas.errors import SettingError
from nas.registry import did_you_mean
from nas.rows.schedules import SCHEDULES

Values = Mapping[str, float]


def factor(name: str, step: int, steps: int, hyper: Values | None = None) -> float:
    """What the schedule `name` multiplies lr by at step `step` (from 0) out of `steps`.

    Raises:
        SettingError: an unknown schedule or hyperparameter.
    """
    row = SCHEDULES.find(name)
    values = {one.name: one.default for one in row.hyper}
    for key in hyper or {}:
        if key not in values:
            allowed = ", ".join(values) or "none"
            cure = did_you_mean(key, values)
            raise SettingError(f"{name} has no such hyperparameter", got=key, allowed=allowed, cure=cure)
    return _FACTORS[name](step, steps, values | dict(hyper or {}))


def one_cycle(step: int, steps: int, h: Values) -> float:
    """Smith & Topin 2018, as torch's OneCycleLR, which divides by zero where warmup * steps is 1."""
    top = h["warmup"] * steps - 1
    if step < top:
        return _half_cosine(1 / h["start_div"], 1.0, step / top)
    last = max(steps - 1 - top, 1e-9)
    return _half_cosine(1.0, 1 / h["end_div"], min((step - top) / last, 1.0))


def stable(step: int, warmup: int, trunk: int, end: int, h: Values) -> float:
    """Warm-up, stable, decay: up along half a cosine in `warmup` steps, 1, from `trunk` on down to `end`."""
    if step < trunk:
        return _half_cosine(1 / h["start_div"], 1.0, step / warmup) if step < warmup else 1.0
    return 1.0 + (1 / h["end_div"] - 1.0) * (step - trunk + 1) / (end - trunk)


def _wsd(step: int, steps: int, h: Values) -> float:
    trunk = steps - max(round(h["cooldown"] * steps), 1)
    return stable(step, round(h["warmup"] * steps), trunk, steps, h)


def _cosine(step: int, steps: int, h: Values) -> float:
    return _half_cosine(1.0, 1 / h["end_div"], step / max(steps - 1, 1))


def _step(step: int, steps: int, h: Values) -> float:
    return float(h["drop"] ** -(step * int(h["stages"]) // steps))


def _linear_warmup(step: int, steps: int, h: Values) -> float:
    rising = h["warmup"] * steps
    return min((step + 1) / rising, (steps - step) / (steps - rising), 1.0)


def _inverse_sqrt(step: int, steps: int, h: Values) -> float:
    rising = h["warmup"] * steps
    return min((step + 1) / rising, sqrt(rising / (step + 1)))


def _half_cosine(a: float, b: float, share: float) -> float:
    return b + (a - b) * (1 + cos(pi * share)) / 2


_FACTORS: Mapping[str, Callable[[int, int, Values], float]] = {
    "constant": lambda step, steps, h: 1.0,
    "one_cycle": one_cycle,
    "wsd": _wsd,
    "cosine": _cosine,
    "step": _step,
    "linear_warmup": _linear_warmup,
    "inverse_sqrt": _inverse_sqrt,
}
