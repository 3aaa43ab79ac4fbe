"""The learning rate over the steps of a training."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi

from nas.protocol import Recipe


def one_cycle(step: int, steps: int, recipe: Recipe) -> float:
    """The learning rate of step `step` (from 0) out of `steps`: Smith & Topin 2018, as torch's OneCycleLR.

    Along half a cosine from lr / start_div up to lr in the share `warmup` of the steps, then along another
    down to lr / end_div at the last. OneCycleLR itself divides by zero where warmup * steps is 1.
    """
    end = recipe.lr / recipe.end_div
    top = recipe.warmup * steps - 1
    if step < top:
        return _warm_up(step, top, recipe)
    last = max(steps - 1 - top, 1e-9)
    return _half_cosine(recipe.lr, end, min((step - top) / last, 1.0))


@dataclass(frozen=True)
class Rung:
    """The steps of a training up to one rung: a trunk at lr, which higher rungs share, and a cooldown.

    Warm-up, stable, decay: Zhai et al. 2022 (section 3.5), Hagele et al. 2024.
    """

    trunk: int  #: steps at lr, the warm-up among them
    end: int  #: steps in all; the cooldown is what follows the trunk
    warmup: int  #: steps in which lr rises: the same for every rung of a training

    def lr(self, step: int, recipe: Recipe) -> float:
        """Of step `step` (from 0): up to lr, lr, and along a line to lr / end_div at the last."""
        if step < self.trunk:
            return _warm_up(step, self.warmup, recipe) if step < self.warmup else recipe.lr
        share = (step - self.trunk + 1) / (self.end - self.trunk)
        return recipe.lr + (recipe.lr / recipe.end_div - recipe.lr) * share


def rungs(ends: tuple[int, ...], recipe: Recipe) -> tuple[Rung, ...]:
    """The rungs that end after `ends` steps, rising."""
    warmup = round(recipe.warmup * ends[0])
    return tuple(Rung(end - max(round(recipe.cooldown * end), 1), end, warmup) for end in ends)


def _warm_up(step: int, top: float, recipe: Recipe) -> float:
    return _half_cosine(recipe.lr / recipe.start_div, recipe.lr, step / top)


def _half_cosine(a: float, b: float, share: float) -> float:
    return b + (a - b) * (1 + cos(pi * share)) / 2
