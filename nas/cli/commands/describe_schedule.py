"""`nas describe schedule`: how the learning rate goes over a training."""

from __future__ import annotations

import click

from nas.cli.describing import describe
from nas.cli.options import format_option
from nas.optimizers.schedules import factor
from nas.references import REFERENCES
from nas.rows.schedules import SCHEDULES, Schedule
from nas.terminal import console
from nas.terminal.optimizer import hyperparameter
from nas.terminal.plot import Curve, graph
from nas.terminal.tables import facts

_STEPS = 200


@click.command("schedule")
@click.argument("name", required=False)
@format_option("table", "json")
def command(name: str | None, format_: str) -> None:
    """Explain the schedule NAME, drawn at its defaults; without NAME list the schedules."""
    describe(SCHEDULES, name, format_, _explain)


def _explain(row: Schedule) -> None:
    pairs: list[tuple[str, object]] = [
        ("what", row.summary),
        ("formula", row.formula),
        ("source", str(REFERENCES[row.source])),
        *map(hyperparameter, row.hyper),
    ]
    console.stdout().print(facts(pairs, title=row.name))
    values = [factor(row.name, step, _STEPS) for step in range(_STEPS)]
    shares = [step / (_STEPS - 1) for step in range(_STEPS)]
    drawn = graph(shares, [Curve("factor of lr over the share of steps", values)], columns=70, limits=(0, 1))
    console.stdout().print("")
    console.stdout().print(drawn)
