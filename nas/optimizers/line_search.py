"""Gradient descent whose step is searched for: exact, Armijo, Wolfe (Nocedal & Wright 2006, chapter 3)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite, isnan
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nas.optimizers.contract import Closure, State, demand
from nas.optimizers.parameters import Parameters

Point = npt.NDArray[np.float64]

_TRIALS = 60  #: doublings or shrinkings: 2^60 is beyond any step worth taking


@final
class Ray:
    """phi(a) = F(w - a g) for a >= 0, from the present weights along their negative gradient."""

    def __init__(self, parameters: Parameters, loss: Closure) -> None:
        self._tensors, self._loss = parameters.all, loss
        self._origin = [tensor.detach().clone() for tensor in self._tensors]
        value, self._direction = self._differentiated()
        self.steepness = self._along(self._direction)  #: |g|^2 = -phi'(0)
        self._values = {0.0: value}
        self._slopes = {0.0: -self.steepness}

    def value(self, a: float) -> float:
        """phi(a); infinite where F has no value, so that a search turns back."""
        if a not in self._values:
            self.go(a)
            with torch.no_grad():
                self._values[a] = float(self._loss())
        return inf if isnan(self._values[a]) else self._values[a]

    def slope(self, a: float) -> float:
        """phi'(a) = -g . grad F(w - a g); phi(a) is known afterwards."""
        if a not in self._slopes:
            self.go(a)
            self._values[a], gradients = self._differentiated()
            self._slopes[a] = -self._along(gradients)
        return self._slopes[a]

    def go(self, a: float) -> None:
        """Leave the weights at w - a g."""
        with torch.no_grad():
            for tensor, origin, g in zip(self._tensors, self._origin, self._direction, strict=True):
                tensor.copy_(origin - a * g)

    def _differentiated(self) -> tuple[float, Sequence[Tensor]]:
        loss = self._loss()
        gradients = torch.autograd.grad(loss, self._tensors, allow_unused=True, materialize_grads=True)
        return float(loss.detach()), gradients

    def _along(self, gradients: Sequence[Tensor]) -> float:
        return sum(float((g * d).sum()) for g, d in zip(gradients, self._direction, strict=True))


Search = Callable[[Ray, float, Mapping[str, float]], float]  #: the ray, lr, hyperparameters -> the step


def exact(ray: Ray, lr: float, hyper: Mapping[str, float]) -> float:
    """The first lowest point that doubling from lr brackets: the root of phi' by Brent's method."""
    from scipy.optimize import brentq

    low, high = 0.0, lr
    for _ in range(_TRIALS):
        slope = ray.slope(high)
        if not (isfinite(slope) and isfinite(ray.value(high))):
            high = (low + high) / 2
        elif slope < 0:
            low, high = high, 2 * high
        else:
            return float(brentq(ray.slope, low, high, xtol=1e-15 * high, rtol=1e-14))
    return low


def armijo(ray: Ray, lr: float, hyper: Mapping[str, float]) -> float:
    """The first of lr, lr shrink, ... with phi(a) <= phi(0) - c1 a |g|^2; 0 where there is none."""
    a = lr
    for _ in range(_TRIALS):
        if ray.value(a) <= ray.value(0.0) - hyper["c1"] * a * ray.steepness:
            return a
        a *= hyper.get("shrink", 0.5)
    return 0.0


def wolfe(ray: Ray, lr: float, hyper: Mapping[str, float]) -> float:
    """A step of the strong Wolfe conditions, tried from lr; Armijo's where scipy finds none."""
    from scipy.optimize import line_search

    def value(a: Point) -> float:
        ray.slope(float(a[0]))  # both at once: scipy asks for the slope next
        return ray.value(float(a[0]))

    def slope(a: Point) -> Point:
        return np.array([ray.slope(float(a[0]))])

    start, direction = np.zeros(1), np.array([lr])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it found none is said by None, too
        found = line_search(value, slope, start, direction, c1=hyper["c1"], c2=hyper["c2"], maxiter=30)[0]
    return armijo(ray, lr, hyper) if found is None else float(found) * lr


SEARCHES: Mapping[str, Search] = {"gd_exact": exact, "gd_armijo": armijo, "gd_wolfe": wolfe}


@final
class LineSearch:
    """w <- w - a g with a by `search`; nothing is kept from step to step."""

    def __init__(self, search: Search, parameters: Parameters, hyper: Mapping[str, float]) -> None:
        self._search, self._parameters, self._hyper = search, parameters, hyper

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        self._parameters.forget_gradients()

    def step(self, lr: float, closure: Closure | None = None) -> None:
        """Search along the gradient and move; stay where it is 0 or F is not finite."""
        ray = Ray(self._parameters, self._parameters.penalized(demand(closure, "a line search"), lr))
        if 0 < ray.steepness < inf:
            ray.go(self._search(ray, lr, self._hyper))

    def state(self) -> State:
        """Nothing."""
        return {}

    def restore(self, state: State) -> None:
        """Nothing is kept."""
