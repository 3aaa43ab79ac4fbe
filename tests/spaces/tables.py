"""The primitives of both built-in spaces in NumPy, written from the tables and not from the space files."""

from __future__ import annotations

from collections.abc import Callable
from math import erf
from typing import Any

import numpy as np

EPS = 1e-7
Function = Callable[..., Any]

_erf = np.vectorize(erf)
_SHARED: list[Function] = [
    lambda x: x,
    lambda x: -x,
    np.abs,
    lambda x: x * x,
    lambda x: x * x * x,
]
_SMOOTH: list[Function] = [np.sin, np.cos, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctan]
_CLIPPED: list[Function] = [
    lambda x: np.where(x > 0, x, 0.0),
    lambda x: np.where(x < 0, x, 0.0),
    lambda x: 1 / (1 + np.exp(-x)),
    lambda x: np.log1p(np.exp(x)),
    lambda x: np.exp(-x * x),
    _erf,
]

#: Ramachandran et al. 2017, table of section 3.1; beta as a keyword
PAPER_UNARY: list[Function] = [
    *_SHARED,
    np.sqrt,
    lambda x, beta: beta * x,
    lambda x, beta: x + beta,
    lambda x: np.log(np.abs(x) + EPS),
    np.exp,
    *_SMOOTH,
    lambda x: np.sin(x) / x,
    *_CLIPPED,
    lambda x, beta: beta + 0 * x,
]
PAPER_BINARY: list[Function] = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: a / (b + EPS),
    np.maximum,
    np.minimum,
    lambda a, b: b / (1 + np.exp(-a)),
    lambda a, b, beta: np.exp(-beta * (a - b) ** 2),
    lambda a, b, beta: np.exp(-beta * np.abs(a - b)),
    lambda a, b, beta: beta * a + (1 - beta) * b,
]

#: the hand-written search that the yardstick space repeats: nothing trainable, sinc as in torch and NumPy
YARDSTICK_UNARY: list[Function] = [
    *_SHARED,
    lambda x: np.sqrt(np.abs(x) + EPS),
    lambda x: np.log(np.abs(x) + EPS),
    np.exp,
    *_SMOOTH,
    np.sinc,
    *_CLIPPED,
    np.ones_like,
]
YARDSTICK_BINARY: list[Function] = [*PAPER_BINARY[:7], lambda a, b: np.exp(-((a - b) ** 2))]
