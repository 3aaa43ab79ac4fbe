"""What is hopeless as an update rule, and why; judged in milliseconds, before any network.

Gradients of a network differ by many orders of magnitude between its layers and over a training, and where
a unit is dead they are 0. So a rule is looked at under gradients of 1e-6 to 100 and of 0, and then on toys,
each with every learning rate of a wide range at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nas.rules.numeric import direction, start
from nas.rules.properties import after, history
from nas.rules.rule import Rule
from nas.symbolic.numeric import Array

_LARGEST_FLOAT32 = 3.4028234663852886e38
_SIZES = 10.0 ** np.arange(-6, 3)
_MOST_SPREAD = 1e13  # of |u| over gradients of 1e-6 to 100; g|g| has 1e16, g 1e8, sign(g) 1
_STEADY = 300  # steps of one and the same gradient

_RATES: Array = 10.0 ** np.arange(-7, 3.1, 0.5)
_STEPS = 100
_ENOUGH = 0.5  # of the loss at the start; every rule of the table leaves less than 0.2


@dataclass(frozen=True)
class Toy:
    """A function to go down on: where it starts, its value and its slope at w [rates, len(start)]."""

    name: str
    start: tuple[float, ...]
    loss: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    noise: float = 0.0  #: spread of what is added to each slope


_CURVATURES: Array = np.geomspace(0.01, 1, 8)
_NEAR_ZERO = (0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, -0.1)
_CORNER: Array = np.sign(_NEAR_ZERO)  # the minimum is no place where decaying parameters end up


def _quadratic(w: Array) -> Array:
    return np.asarray((_CURVATURES * (w - _CORNER) ** 2).sum(axis=1) / 2)


def _quadratic_slope(w: Array) -> Array:
    return np.asarray(_CURVATURES * (w - _CORNER))


def _rosenbrock(w: Array) -> Array:
    x, y = w.T
    return np.asarray((1 - x) ** 2 + 100 * (y - x**2) ** 2)


def _rosenbrock_slope(w: Array) -> Array:
    x, y = w.T
    return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=1)


TOYS = (
    Toy("a quadratic of condition 100", _NEAR_ZERO, _quadratic, _quadratic_slope),
    Toy(
        "a quadratic of condition 100 with noisy slopes", _NEAR_ZERO, _quadratic, _quadratic_slope, noise=0.1
    ),
    Toy("Rosenbrock's function", (-1.2, 1.0), _rosenbrock, _rosenbrock_slope),
)
_BORDERS = np.cumsum([len(toy.start) for toy in TOYS])[:-1]


def reason_to_screen(rule: Rule) -> str | None:
    """Why searching with `rule` would be a waste, or None where it may be worth it."""
    for check in (_undefined, _blind, _scale, _toys):
        reason = check(rule)
        if reason is not None:
            return reason
    return None


def _undefined(rule: Rule) -> str | None:
    """Not a finite float32 somewhere."""
    sizes = np.repeat(_SIZES[:, None], 16, axis=1)
    u = np.abs(after(rule, history(sizes)))
    bad = ~(u <= _LARGEST_FLOAT32)
    if bad.any():
        share = bad.mean(axis=1)
        return f"the step is not finite in float32 for gradients near {_SIZES[int(np.argmax(share))]:.0e}"
    if not (np.abs(after(rule, np.zeros((5, 1)))) <= _LARGEST_FLOAT32).all():
        return "the step is not finite where a gradient has always been 0, as in a dead unit"
    return None


def _blind(rule: Rule) -> str | None:
    """Moves the same way, or uphill, whatever the size of a steady gradient."""
    if not any(row.operand.name == "g" or row.state is not None for row in rule.leaves):
        return "the step does not depend on the gradient"
    steady = np.broadcast_to(np.stack([_SIZES, -_SIZES], axis=1), (_STEADY, len(_SIZES), 2))
    u = after(rule, steady, w=0.0)
    up, down = u[:, 0], u[:, 1]
    if (up == 0).all() and (down == 0).all():
        return "the step is 0 under a steady gradient"
    if (np.sign(up) == np.sign(down)).all():
        return "the step has the same sign for gradients of either sign"
    if (up < 0).all() and (down > 0).all():
        return "the step goes uphill"
    return None


def _scale(rule: Rule) -> str | None:
    """Steps of sizes that no learning rate suits."""
    sizes = np.repeat(_SIZES[:, None], 64, axis=1)
    typical = np.sqrt(np.mean(after(rule, history(sizes)) ** 2, axis=1))
    if typical.min() == 0 or typical.max() / typical.min() > _MOST_SPREAD:
        ratio = "without end" if typical.min() == 0 else f"by {typical.max() / typical.min():.0e}"
        return f"the step's size varies {ratio} over gradients of 1e-6 to 100"
    return None


def _toys(rule: Rule) -> str | None:
    """No learning rate gets it anywhere."""
    for toy, left in zip(TOYS, remaining(rule), strict=True):
        if left > _ENOUGH:
            best = f"the best of {len(_RATES)} learning rates leaves {100 * left:.0f} % of the loss"
            return f"on {toy.name}, {best}"
    return None


def remaining(rule: Rule) -> list[float]:
    """For each toy the share of its loss at the start that the best learning rate leaves; at most 1.

    A rule moves each coordinate by itself, so all toys at all rates are one array: [rates, coordinates].
    """
    begin = np.concatenate([toy.start for toy in TOYS])
    w = np.tile(begin, (len(_RATES), 1))
    noise = np.concatenate([np.full(len(toy.start), toy.noise) for toy in TOYS])
    averages, draw = start(rule, w.shape), np.random.default_rng(0)
    with np.errstate(all="ignore"):
        for step in range(1, _STEPS + 1):
            slopes = [toy.slope(part) for toy, part in zip(TOYS, _parts(w), strict=True)]
            g = np.concatenate(slopes, axis=1) + noise * draw.standard_normal(len(noise))
            u, averages = direction(rule, g, averages, w=w, step=step, steps=_STEPS)
            w = w - _RATES[:, None] * u
        left = [
            toy.loss(part) / toy.loss(first)
            for toy, part, first in zip(TOYS, _parts(w), _parts(begin[None]), strict=True)
        ]
    return [float(np.nanmin([*share, 1.0])) for share in left]


def _parts(w: Array) -> list[Array]:
    return np.split(w, _BORDERS, axis=1)
