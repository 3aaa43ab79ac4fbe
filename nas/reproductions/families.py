"""Whether a function is one that a paper names, up to what training absorbs: c f(x) + d, and f(-x).

A scale inside is not absorbed by batch norm, as its own scale is trained under another learning rate; so the
Swish family is asked for as such: x sigmoid(s x) for any s > 0, fixed or learned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nas.errors import NasError
from nas.symbolic.affine import Affine, confirmed, fit
from nas.symbolic.expression import Expression
from nas.symbolic.fingerprint import POINTS, VALUES
from nas.symbolic.numeric import Array, evaluate
from nas.symbolic.parse import parse

_SWISH = parse("x*sigmoid(beta*x)")
_AWAY: Array = np.geomspace(3e-3, 6.0, 60)  #: slopes from 0.02 to 1000 bend somewhere among these
_RELATIVE = 1e-7  #: of the odd part, after the rounding of a difference
_SOLVED = 1e-9  #: relative, at 50 digits, where s was solved for in float64
_BENT = (0.02, 0.98)  #: of |tanh|: between them atanh keeps its digits

Values = Mapping[str, float]


@dataclass(frozen=True)
class Member:
    """f(x) = c g(x) + d with g(x) = x sigmoid(s x), or with g(-x)."""

    slope: float  #: s > 0, at the start of training
    learned: bool  #: s is trained

    @property
    def formula(self) -> str:
        """The member of the family: x*sigmoid(2*x), x*sigmoid(beta*x)."""
        if self.learned:
            return "x*sigmoid(beta*x)"
        slope = f"{self.slope:.6g}"
        return "x*sigmoid(x)" if slope == "1" else f"x*sigmoid({slope}*x)"


def swish_member(f: Expression) -> Member | None:
    """The member of the Swish family that `f` is, if any: at its start and at generic parameters."""
    try:
        found = [_slope(f, setting) for setting in _settings(f)]
    except (NasError, ArithmeticError, ValueError):
        return None
    slopes = [slope for slope in found if slope is not None]
    if len(slopes) < len(found):
        return None
    return Member(slopes[0], any(abs(s - slopes[0]) > _SOLVED * s for s in slopes))


def same_up_to_training(f: Expression, g: Expression) -> Affine | None:
    """c and d of f(x) = c g(x) + d or c g(-x) + d, as they start; c, d may be learned, g learns nothing."""
    try:
        for mirrored in (False, True):
            values = evaluate(g, -POINTS if mirrored else POINTS)
            if all(fit(evaluate(f, POINTS, setting), values) is not None for setting in _settings(f)):
                affine = confirmed(f, g, mirrored)
                if affine is not None:
                    return affine
    except (NasError, ArithmeticError, ValueError):
        pass
    return None


def _settings(f: Expression) -> list[Values]:
    """Parameters at their start, and twice at generic values, of either sign."""
    names = [p.name for p in f.parameters]
    if not names:
        return [{}]
    positive = dict(zip(names, VALUES, strict=False))
    mixed = {name: (-1) ** i * VALUES[-1 - i] for i, name in enumerate(names, start=1)}
    return [{p.name: p.start for p in f.parameters}, positive, mixed]


def _slope(f: Expression, setting: Values) -> float | None:
    """s where f, at these parameters, is of the family.

    x sigmoid(s x) is x/2 + (x/2) tanh(s x/2): the odd part of f is c x/2 and gives c, what is left of the
    even one over it is tanh(s x/2) and gives s. A negative s is a mirrored member: x sigmoid(-s x) is -g(-x)
    for g(x) = x sigmoid(s x).
    """
    right, left = evaluate(f, _AWAY, setting), evaluate(f, -_AWAY, setting)
    zero = float(evaluate(f, np.array(0.0), setting))
    if not (np.isfinite(right).all() and np.isfinite(left).all() and math.isfinite(zero)):
        return None
    scales = (right - left) / _AWAY
    c = float(np.median(scales))
    if c == 0 or np.ptp(scales) > _RELATIVE * abs(c) * len(scales):
        return None
    bends = (right + left - 2 * zero) / (c * _AWAY)
    usable = (np.abs(bends) > _BENT[0]) & (np.abs(bends) < _BENT[1])
    if not usable.any():
        return None
    best = int(np.argmin(np.where(usable, np.abs(np.abs(bends) - 0.7), np.inf)))
    s = 2 * math.atanh(float(bends[best])) / float(_AWAY[best])
    for size in (float(f"{abs(s):.12g}"), abs(s)):  # as it was written, where it was
        if confirmed(f, _SWISH, s < 0, setting, {"beta": size}, _SOLVED):
            return size
    return None
