"""`nas describe task`: the problems on which optimizers are compared."""

from __future__ import annotations

import click

from nas.cli.describing import describe
from nas.cli.options import format_option
from nas.references import REFERENCES
from nas.rows.tasks import TASKS, Task
from nas.terminal import console
from nas.terminal.landscape import drawing
from nas.terminal.tables import facts

_COLUMNS, _ROWS = 60, 18


@click.command("task")
@click.argument("name", required=False)
@format_option("table", "json")
def command(name: str | None, format_: str) -> None:
    """Explain the task NAME: function, optimum, source; without NAME list the tasks."""
    describe(TASKS, name, format_, _explain)


def _explain(row: Task) -> None:
    console.stdout().print(facts(_facts(row), title=row.name))
    if row.window is not None:
        _draw(row.name)


def _facts(row: Task) -> list[tuple[str, object]]:
    return [
        ("what", row.summary),
        ("formula", row.formula),
        ("optimum", row.optimum),
        ("source", str(REFERENCES[row.source])),
        ("weights", row.weights),
        ("convex", row.convex),
        ("tolerance", f"F - F* <= {row.tolerance:g} (F(start) - F*)"),
        ("condition", "can be chosen" if row.condition else "its own"),
        ("mini-batches", f"of its {row.terms} parts, whose mean F is: their mean, or their sum"),
        ("noise", "of any deviation in F and its gradient"),
    ]


def _draw(name: str) -> None:
    """Contours, the start and the optimum."""
    from nas.cli.landscape import landscape
    from nas.tasks.library import load

    objective = load(name)
    start = objective.start[0].numpy()[None]
    console.stdout().print("")
    console.stdout().print(drawing(landscape(objective, start), _COLUMNS, _ROWS))
