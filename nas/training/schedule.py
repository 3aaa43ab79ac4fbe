"""The learning rate over the steps of a training."""

from __future__ import annotations

from math import cos, pi

from nas.protocol import Recipe


def one_cycle(step: int, steps: int, recipe: Recipe) -> float:
    """The learning rate of step `step` (from 0) out of `steps`: Smith & Topin 2018, as torch's OneCycleLR.

    Along half a cosine from lr / start_div up to lr in the share `warmup` of the steps, then along another
    down to lr / end_div at the last. OneCycleLR itself divides by zero where warmup * steps is 1.
    """
    start, peak, end = recipe.lr / recipe.start_div, recipe.lr, recipe.lr / recipe.end_div
    top = recipe.warmup * steps - 1
    if step < top:
        return _half_cosine(start, peak, step / top)
    last = max(steps - 1 - top, 1e-9)
    return _half_cosine(peak, end, min((step - top) / last, 1.0))


def _half_cosine(a: float, b: float, share: float) -> float:
    return b + (a - b) * (1 + cos(pi * share)) / 2
