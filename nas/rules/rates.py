"""Learning rates to try for any rule: over the range of its row, or over one that suits a formula's steps."""

from __future__ import annotations

import numpy as np

from nas.rows import optimizers as rows
from nas.rules.properties import learning_rates
from nas.rules.rule import read


def rates(optimizer: str, count: int) -> tuple[float, ...]:
    """`count` learning rates for the rule called, or written as, `optimizer`, even in the logarithm.

    Of one, the usual. A formula has four decades around steps of a sensible size (`learning_rates`).

    Raises:
        ExpressionError: no rule of this name, and no formula.
    """
    if optimizer in rows.OPTIMIZERS:
        return rows.rates(optimizer, count)
    low, usual, high = learning_rates(read(optimizer))
    if count == 1:
        return (usual,)
    return tuple(float(f"{lr:.3g}") for lr in np.geomspace(low, high, count))
