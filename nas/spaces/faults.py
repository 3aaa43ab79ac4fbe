"""What pydantic found wrong with a space file, as one SpaceError: where, what is allowed, what is near."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from nas.errors import SpaceError
from nas.registry import did_you_mean
from nas.spaces.inits import GrammarTable as InitGrammar
from nas.spaces.inits import InitTable
from nas.spaces.networks import MacroTable, NetworkTable
from nas.spaces.optimizers import HYPERS, OptimizerTable
from nas.spaces.optimizers import GrammarTable as RuleGrammar
from nas.spaces.schema import CoreUnit, LimitsTable, Productions, Shapes, SmoothMax, SpaceFile
from nas.spaces.settings import SEARCHED, Range


def keys(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a table as the file writes them."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


#: the keys of every table of a space file
TABLES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    (): keys(SpaceFile),
    ("activation",): keys(Productions),
    ("activation", "core_unit"): keys(CoreUnit),
    ("activation", "smooth_max"): keys(SmoothMax),
    ("activation", "shapes"): keys(Shapes),
    ("activation", "limits"): keys(LimitsTable),
    ("optimizer",): keys(OptimizerTable),
    ("optimizer", "grammar"): keys(RuleGrammar),
    ("optimizer", "hyper"): HYPERS,
    ("init",): keys(InitTable),
    ("init", "grammar"): keys(InitGrammar),
    ("network",): keys(NetworkTable),
    ("network", "macro"): keys(MacroTable),
    ("recipe",): SEARCHED,
} | {("recipe", key): keys(Range) for key in SEARCHED}


def space_error(error: ValidationError, origin: str) -> SpaceError:
    """Every fault of `error`, in the order of the models."""
    faults = [_fault(dict(found)) for found in error.errors(include_url=False)]
    if len(faults) == 1:
        (fault,) = faults
        return SpaceError(f"{origin}: {fault.what}", got=fault.got, allowed=fault.allowed, cure=fault.cure)
    lines = [f"  - {str(fault).replace(chr(10), chr(10) + '  ')}" for fault in faults]
    return SpaceError("\n".join([f"{origin} has {len(faults)} faults", *lines]))


def _fault(found: dict[str, Any]) -> SpaceError:
    path = _path(found["loc"])
    where = _written(path) or "the file"
    context, kind = found.get("ctx", {}), found["type"]
    if kind == "extra_forbidden":
        table = TABLES.get(tuple(map(str, path[:-1])), ())
        near = did_you_mean(str(path[-1]), table)
        return SpaceError(f"{where} is an unknown key", allowed=", ".join(table), cure=near)
    if kind == "missing":
        return SpaceError(f"{where} is missing")
    got = None if kind in _SELF_EXPLAINING else _shown(found["input"])
    if kind == "literal_error":
        options = context["expected"].replace("'", "").replace(" or ", ", ")
        near = did_you_mean(str(got), options.split(", "))
        return SpaceError(f"{where} is none of its options", got=got, allowed=options, cure=near)
    problem = _MESSAGES.get(kind) or found["msg"].removeprefix("Input ")
    allowed, cure = context.get("allowed"), context.get("cure")
    return SpaceError(f"{where}: {problem}", got=got, allowed=allowed, cure=cure)


#: pydantic's kinds of errors, in the words of TOML
_MESSAGES = {
    "tuple_type": "should be a list",
    "too_short": "should not be empty",
    "too_long": "has too many entries",
    "model_type": "should be a table",
    "model_attributes_type": "should be a table",
    "string_pattern_mismatch": "should be letters, digits, - and _",
}
_SELF_EXPLAINING = ("repeated", "empty", "too_short")


def _shown(value: object) -> str:
    """Python refuses to write numbers of thousands of digits, or tables nested thousands deep."""
    try:
        return str(value) if value != "" else "nothing"
    except (ValueError, RecursionError):
        return "more than can be shown"


def _path(place: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where in the file, without the names of the alternatives that pydantic tried."""
    if place[:1] == ("recipe",) and len(place) > 2:
        return (*place[:2], *place[3:])
    if place[:2] == ("optimizer", "lr"):
        return (*place[:2], *place[3:])
    if place[:2] == ("optimizer", "hyper"):
        return (*place[:3], *(step for step in place[3:] if step not in ("[key]", "value", "list", "range")))
    return place


def _written(path: tuple[str | int, ...]) -> str:
    """activation.core_unit.unary[3]; entries count from 1."""
    parts = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".")
