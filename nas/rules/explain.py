"""All that is known of a rule without a step: what `nas describe optimizer FORMULA` shows."""

from __future__ import annotations

from dataclasses import dataclass

from nas.rows import optimizers as rows
from nas.rules.language import Operand, State
from nas.rules.members import Recognized, recognized
from nas.rules.properties import bound, degree, learning_rates
from nas.rules.rule import Rule
from nas.rules.screening import reason_to_screen
from nas.symbolic.latex import latex


@dataclass(frozen=True)
class Explanation:
    """A rule explained."""

    text: str  #: canonical; the step is w <- w - lr times this
    latex: str
    name: Recognized | None
    operands: tuple[tuple[str, Operand], ...]  #: as written, with its row
    averages: tuple[str, ...]  #: each one number a parameter, 0 at the start
    scheduled: bool  #: whether it must know the number of steps
    degree: float | None  #: gradients c times as large give steps c^degree times as large
    bound: float | None  #: of |u|, None where it grows with the gradient
    learning_rates: tuple[float, float, float]  #: lowest, usual and highest to try
    reason: str | None  #: why a search skips it

    @property
    def scaling(self) -> str:
        """`degree` in words."""
        if self.degree is None:
            return "depends on the gradient's size in no simple way"
        if self.degree == 0:
            return "does not depend on the gradient's size"
        return f"grows as the gradient's size to the power {self.degree:g}"


def explain(rule: Rule) -> Explanation:
    """What can be said of `rule` in a tenth of a second."""
    return Explanation(
        text=rule.text,
        latex=latex(rule.expression.tree),
        name=recognized(rule),
        operands=tuple((row.text, row.operand) for row in rule.leaves),
        averages=tuple(state.text for state in rule.states),
        scheduled=rule.scheduled,
        degree=degree(rule),
        bound=bound(rule),
        learning_rates=learning_rates(rule),
        reason=reason_to_screen(rule),
    )


def row(rule: Rule) -> rows.Rule:
    """The rule as a row beside those of `nas.rows.optimizers`, for whoever lists or describes them."""
    found = explain(rule)
    low, usual, high = found.learning_rates
    averages = [f"{state.text} <- {_share(state)}" for state in rule.states]
    bounded = (
        "is not bounded" if found.bound is None else f"was at most {found.bound:.3g} in all that was tried"
    )
    said = [f"the step's size {found.scaling} and {bounded}"]
    if found.scheduled:
        said.append("it must know the number of steps")
    if found.reason is not None:
        said.append(f"a search skips it: {found.reason}")
    return rows.Rule(
        name=rule.text,
        summary="a rule of the grammar without a name" if found.name is None else found.name.text,
        formula=";  ".join([*averages, f"w <- w - a ({rule.text})"]),
        source="Bello2017" if found.name is None else found.name.member.source,
        lr=rows.Hyper(
            "lr", usual, low, high, True, "learning rate: usual steps of 0.001 where gradients are 0.01"
        ),
        hyper=(),
        tensors=len(rule.states),
        state=", ".join(found.averages) or "nothing",
        form="; ".join(said),
    )


def _share(state: State) -> str:
    decay, power = float(state.decay), "" if state.power == 1 else f"^{state.power}"
    return f"{decay:g} {state.text} + {1 - decay:.6g} g{power}"
