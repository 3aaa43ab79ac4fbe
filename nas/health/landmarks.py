"""Where a function may be steep or narrow: where the arguments of its primitives vanish."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from nas.health.zeros import GRID, bisected, least, values
from nas.symbolic.expression import X
from nas.symbolic.numeric import Array

_MOST = 20  #: places of one argument; more belong to a wave
_BESIDE = np.concatenate([s * np.geomspace(1e-7, 0.3, 40) for s in (-1, 1)])


def landmarks(tree: Any) -> Array:
    """Points that close in on the places where tanh(u), exp(u) and the like may turn: u is 0 or least."""
    places = {p for node in tree.atoms(sympy.Function) for u in node.args if u != X for p in _places(u)}
    if not places:
        return np.empty(0)
    p = np.array(sorted(places))[:, None]
    return np.asarray((p + np.maximum(np.abs(p), 1) * _BESIDE).ravel())


@lru_cache(maxsize=1024)
def _places(u: Any) -> tuple[float, ...]:
    if X not in u.free_symbols:
        return ()
    y = values(u, GRID)
    sign, size = np.sign(y), np.abs(y)
    crossing = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    dips = 1 + np.flatnonzero((size[1:-1] < size[:-2]) & (size[1:-1] <= size[2:]) & (sign[:-2] == sign[2:]))
    if len(crossing) + len(dips) > _MOST:
        return ()
    found = [*bisected(u, GRID[crossing], GRID[crossing + 1]), *least(u, GRID[dips - 1], GRID[dips + 1])]
    return tuple(float(place) for place in found)
