"""`nas describe regularization`: what each way to regularize does, and its fields of the recipe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import click

from nas.cli.describing import describe, plain_row
from nas.cli.options import format_option
from nas.protocol import Recipe, default_recipe
from nas.references import REFERENCES
from nas.rows.datasets import DATASETS
from nas.rows.norms import NORMS
from nas.rows.regularizers import REGULARIZERS, Regularizer
from nas.terminal import console
from nas.terminal.tables import facts

_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@click.command("regularization")
@click.argument("name", required=False)
@format_option("table", "json")
def command(name: str | None, format_: str) -> None:
    """Explain NAME: formula, what it does, the fields of the recipe; without NAME list all."""
    describe(REGULARIZERS, name, format_, _explain, _as_json)


def _explain(row: Regularizer) -> None:
    pairs: list[tuple[str, object]] = [
        ("what", row.summary),
        ("formula", row.formula),
        ("does", row.effect),
        ("source", str(REFERENCES[row.source])),
        *_lines(row),
    ]
    console.stdout().print(facts(pairs, title=row.name))


def _lines(row: Regularizer) -> Iterator[tuple[str, str]]:
    for field in _fields(row):
        value = "" if field["value"] is None else f" = {field['value']}"
        others = [f"{data} {_word(other)}" for data, other in field["by_data"].items()]
        default = ", ".join([_word(field["default"]), *others])
        yield f"{field['name']}{value}", f"default {default}; {field['range']}: {field['meaning']}"


def _as_json(row: Regularizer) -> dict[str, Any]:
    return plain_row(row) | {"fields": _fields(row)}


def _fields(row: Regularizer) -> list[dict[str, Any]]:
    """What the model of the recipe says of each field, and the data sets that have a default of their own."""
    found = []
    for name, value in row.fields.items():
        field = Recipe.model_fields[name]
        own = {data: getattr(default_recipe(data), name) for data in DATASETS}
        found.append(
            {
                "name": name,
                "value": value,
                "default": field.default,
                "by_data": {data: other for data, other in own.items() if other != field.default},
                "range": _range(name),
                "meaning": field.description,
            }
        )
    return found


def _range(name: str) -> str:
    """The values that a field takes, in words."""
    field = Recipe.model_fields[name]
    if name == "norm":
        return " or ".join((str(field.default), *NORMS))
    if field.annotation is bool:
        return "true or false"
    if options := get_args(field.annotation):
        return " or ".join(map(str, options))
    bounds = ((sign, getattr(part, key, None)) for part in field.metadata for key, sign in _SIGNS.items())
    return ", ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
