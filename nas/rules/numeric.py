"""A rule in NumPy's float64: what every other form of it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nas.rules.language import State
from nas.rules.rule import Rule
from nas.symbolic.numeric import Array, evaluate_node

Averages = Mapping[State, Array]


def taken_in(state: State, before: Any, g: Any) -> Any:
    """The average after one more gradient: b s + (1 - b) g^power."""
    decay = float(state.decay)
    return decay * before + (1 - decay) * g**state.power


def direction(
    rule: Rule, g: Any, before: Averages, *, w: Any = 0.0, step: Any = 1, steps: Any = 1
) -> tuple[Array, dict[State, Array]]:
    """(u, the averages after this step) of the shape of g; inf and nan are kept, nothing warns.

    before  the averages before this step
    step    its number, from 1, out of `steps`
    """
    gradient = np.asarray(g, dtype=np.float64)
    with np.errstate(all="ignore"):
        after = {state: taken_in(state, before[state], gradient) for state in rule.states}
        values: dict[str, Any] = {}
        for row in rule.leaves:
            scalar = row.scalar(step, steps)
            if row.state is not None:
                values[row.text] = (
                    before[row.state] if row.operand.reads == "before" else after[row.state] * scalar
                )
            else:
                values[row.text] = {"g": gradient, "w": w}.get(row.operand.name, scalar)
    return evaluate_node(rule.expression.form, gradient, values), after


def start(rule: Rule, shape: tuple[int, ...]) -> dict[State, Array]:
    """The averages before the first step."""
    return {state: np.zeros(shape) for state in rule.states}
