"""The formulas of the update rules once more, in NumPy, one tensor at a time, as the rows and papers have
them.

An oracle is called with the hyperparameters and gives `step(w, g, lr, t, s) -> w`: t counts from 1, s is a
dict in which the oracle keeps what it wants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Step = Callable[[Array, Array, float, int, dict[str, Any]], Array]
Hyper = Mapping[str, float]


def _sgd(h: Hyper) -> Step:
    return lambda w, g, lr, t, s: w - lr * g


def _momentum(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        s["u"] = h["momentum"] * s.get("u", 0) + g
        return w - lr * s["u"]

    return step


def _nesterov(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        s["u"] = h["momentum"] * s.get("u", 0) + g
        return w - lr * (g + h["momentum"] * s["u"])

    return step


def _averaged(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        s["v"] = h["momentum"] * s.get("v", 0) + (1 - h["momentum"]) * g
        return w - lr * s["v"]

    return step


def _normalized(h: Hyper) -> Step:
    return lambda w, g, lr, t, s: w - lr * g / np.sqrt(g**2 + 1)


def _normalized_norm(h: Hyper) -> Step:
    return lambda w, g, lr, t, s: w - lr * g / np.sqrt(np.linalg.norm(g.ravel()) ** 2 + 1)


def _adagrad(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        s["G"] = s.get("G", 0) + g**2
        return w - lr * g / (np.sqrt(s["G"]) + h["eps"])

    return step


def _rmsprop(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        s["G"] = h["rho"] * s.get("G", 0) + (1 - h["rho"]) * g**2
        return w - lr * g / (np.sqrt(s["G"]) + h["eps"])

    return step


def _adadelta(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        s["G"] = h["rho"] * s.get("G", 0) + (1 - h["rho"]) * g**2
        d = np.sqrt(s.get("R", 0) + h["eps"]) / np.sqrt(s["G"] + h["eps"]) * g
        s["R"] = h["rho"] * s.get("R", 0) + (1 - h["rho"]) * d**2
        return w - lr * d

    return step


def _averages(h: Hyper, g: Array, square: Any, s: dict[str, Any]) -> None:
    s["m"] = h["beta1"] * s.get("m", 0) + (1 - h["beta1"]) * g
    s["v"] = h["beta2"] * s.get("v", 0) + (1 - h["beta2"]) * square


def _adam(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        _averages(h, g, g**2, s)
        m, v = s["m"] / (1 - h["beta1"] ** t), s["v"] / (1 - h["beta2"] ** t)
        return w - lr * m / (np.sqrt(v) + h["eps"])

    return step


def _adam_scalar(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        _averages(h, g, (g**2).sum(), s)
        m, v = s["m"] / (1 - h["beta1"] ** t), s["v"] / (1 - h["beta2"] ** t)
        return w - lr * m / (np.sqrt(v) + h["eps"])

    return step


def _amsgrad(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        _averages(h, g, g**2, s)
        s["most"] = np.maximum(s.get("most", 0), s["v"])
        return w - lr * s["m"] / (1 - h["beta1"] ** t) / (
            np.sqrt(s["most"] / (1 - h["beta2"] ** t)) + h["eps"]
        )

    return step


def _nadam(h: Hyper) -> Step:
    def mu(t: int) -> float:
        return h["beta1"] * (1 - 0.5 * 0.96 ** (t * h["psi"]))

    def step(w, g, lr, t, s):
        _averages(h, g, g**2, s)
        product = np.prod([mu(i) for i in range(1, t + 1)])
        m = mu(t + 1) * s["m"] / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)
        return w - lr * m / (np.sqrt(s["v"] / (1 - h["beta2"] ** t)) + h["eps"])

    return step


def _radam(h: Hyper) -> Step:
    r = 2 / (1 - h["beta2"]) - 1

    def step(w, g, lr, t, s):
        _averages(h, g, g**2, s)
        m = s["m"] / (1 - h["beta1"] ** t)
        b2 = 1 - h["beta2"] ** t
        r_t = r - 2 * t * h["beta2"] ** t / b2
        if r_t <= 5:
            return w - lr * m
        rectified = np.sqrt((r_t - 4) * (r_t - 2) * r / ((r - 4) * (r - 2) * r_t))
        return w - lr * m * rectified * np.sqrt(b2) / (np.sqrt(s["v"]) + h["eps"])

    return step


def _adamax(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        s["m"] = h["beta1"] * s.get("m", 0) + (1 - h["beta1"]) * g
        s["u"] = np.maximum(h["beta2"] * s.get("u", 0), abs(g) + h["eps"])
        return w - lr * s["m"] / (1 - h["beta1"] ** t) / s["u"]

    return step


def _adafactor(h: Hyper) -> Step:
    tiny = np.finfo(np.float64).eps

    def step(w, g, lr, t, s):
        share = t ** -h["decay_power"]
        size = max(1e-3, np.sqrt((w**2).mean())) * min(lr, t**-0.5)
        if g.ndim > 1:
            s["row"] = (1 - share) * s.get("row", 0) + share * (g**2).mean(-1, keepdims=True)
            s["column"] = (1 - share) * s.get("column", 0) + share * (g**2).mean(-2, keepdims=True)
            v = s["row"] * s["column"] / s["row"].mean(-2, keepdims=True)
        else:
            v = s["v"] = (1 - share) * s.get("v", 0) + share * g**2
        u = g / np.sqrt(np.maximum(v, tiny**2))
        return w - size * u / max(1, np.sqrt((u**2).mean()) / h["clip"])

    return step


def _lion(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        m = s.get("m", np.zeros_like(g))
        s["m"] = h["beta2"] * m + (1 - h["beta2"]) * g
        return w - lr * np.sign(h["beta1"] * m + (1 - h["beta1"]) * g)

    return step


def _rprop(h: Hyper) -> Step:
    def step(w, g, lr, t, s):
        before, size = s.get("g", np.zeros_like(g)), s.get("s", np.full_like(g, lr))
        factor = np.where(g * before > 0, h["grow"], np.where(g * before < 0, h["shrink"], 1.0))
        s["s"] = np.clip(size * factor, 1e-6, 50)
        s["g"] = np.where(g * before < 0, 0, g)
        return w - s["s"] * np.sign(s["g"])

    return step


#: of all rules that need no more than the gradient, but for Muon, whose step is rounded to bfloat16
ORACLES: Mapping[str, Callable[[Hyper], Step]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "momentum_averaged": _averaged,
    "normalized": _normalized,
    "normalized_norm": _normalized_norm,
    "adagrad": _adagrad,
    "rmsprop": _rmsprop,
    "adadelta": _adadelta,
    "adam": _adam,
    "adamw": _adam,
    "adam_scalar": _adam_scalar,
    "amsgrad": _amsgrad,
    "nadam": _nadam,
    "radam": _radam,
    "adamax": _adamax,
    "adafactor": _adafactor,
    "lion": _lion,
    "rprop": _rprop,
}
