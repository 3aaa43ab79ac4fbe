"""`nas describe KIND [NAME]` for kinds that are one table: a list, one row, or either as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol, TypeVar

from nas.cli.options import print_json
from nas.references import REFERENCES
from nas.registry import Table
from nas.terminal import console
from nas.terminal.tables import facts


class Row(Protocol):
    """What every such table says."""

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def source(self) -> str: ...


R = TypeVar("R", bound=Row)


def plain_row(row: Any) -> dict[str, Any]:
    """The row as JSON, its source spelled out."""
    return asdict(row) | {"reference": str(REFERENCES[row.source])}


def describe(
    table: Table[R],
    name: str | None,
    format_: str,
    explain: Callable[[R], None],
    to_json: Callable[[R], dict[str, Any]] = plain_row,
) -> None:
    """Print the row called `name` by `explain`; without a name list all rows."""
    if format_ == "json":
        print_json(list(map(to_json, table.values())) if name is None else to_json(table.find(name)))
    elif name is None:
        console.stdout().print(facts([(row.name, row.summary) for row in table.values()]))
    else:
        explain(table.find(name))
