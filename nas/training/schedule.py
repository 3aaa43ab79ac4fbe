"""The learning rate over the steps of a training, as its recipe asks for."""

from __future__ import annotations

from dataclasses import dataclass

from nas.optimizers.schedules import factor, stable
from nas.protocol import Recipe
from nas.rows.schedules import SCHEDULES


def lr_at(step: int, steps: int, recipe: Recipe) -> float:
    """The learning rate of step `step` (from 0) out of `steps`."""
    return recipe.lr * factor(recipe.schedule, step, steps, _values(recipe))


@dataclass(frozen=True)
class Rung:
    """The steps of a training up to one rung: a trunk at lr, which higher rungs share, and a cooldown.

    The schedule `wsd`, but that the warm-up is that of the lowest rung.
    """

    trunk: int  #: steps at lr, the warm-up among them
    end: int  #: steps in all; the cooldown is what follows the trunk
    warmup: int  #: steps in which lr rises: the same for every rung of a training

    def lr(self, step: int, recipe: Recipe) -> float:
        """Of step `step` (from 0)."""
        return recipe.lr * stable(step, self.warmup, self.trunk, self.end, _values(recipe))


def rungs(ends: tuple[int, ...], recipe: Recipe) -> tuple[Rung, ...]:
    """The rungs that end after `ends` steps, rising."""
    warmup = round(recipe.warmup * ends[0])
    return tuple(Rung(end - max(round(recipe.cooldown * end), 1), end, warmup) for end in ends)


def _values(recipe: Recipe) -> dict[str, float]:
    """What the recipe says of the hyperparameters of its schedule; the others are at their defaults."""
    known = {"warmup": recipe.warmup, "start_div": recipe.start_div, "end_div": recipe.end_div}
    known["cooldown"] = recipe.cooldown
    return {row.name: known[row.name] for row in SCHEDULES[recipe.schedule].hyper if row.name in known}
