"""Types that the models of a space file are made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from nas.errors import NasError
from nas.registry import did_you_mean

T = TypeVar("T")


class Strict(BaseModel):
    """No unknown keys, no conversions, no infinities, no changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def as_tuple(value: Any) -> Any:
    """A list as a tuple; TOML has no tuples."""
    return tuple(value) if isinstance(value, list) else value


def one_or_many(value: Any) -> Any:
    """A single value as a tuple of one."""
    return as_tuple(value) if isinstance(value, list | tuple | dict) else (value,)


def unrepeated(values: tuple[T, ...]) -> tuple[T, ...]:
    """Nothing is there twice."""
    for place, value in enumerate(values):
        if value in values[:place]:
            raise PydanticCustomError("repeated", "{value} is there twice", {"value": str(value)})
    return values


def printable(text: str) -> str:
    """One line that a terminal shows as it is."""
    if not text.isprintable():
        raise PydanticCustomError("unprintable", "should be one line of printable characters")
    return text


def hints(allowed: str | None, cure: str | None) -> dict[str, str]:
    """What `nas.spaces.faults` tells beside what is wrong; without what is not known."""
    return {key: text for key, text in (("allowed", allowed), ("cure", cure)) if text is not None}


def as_fault(error: NasError) -> PydanticCustomError:
    """An error of nas, raised inside a validator, as one of the file."""
    allowed = None if error.allowed is None else str(error.allowed)
    return PydanticCustomError("refused", "{what}", {"what": error.what, **hints(allowed, error.cure)})


def one_of(names: Collection[str], kind: str) -> AfterValidator:
    """A validator: one of `names`, each the name of a `kind`."""

    def check(name: str) -> str:
        if name in names:
            return name
        told = hints(", ".join(names), did_you_mean(name, names))
        raise PydanticCustomError("row", "{name} is no {kind}", {"name": name, "kind": kind, **told})

    return AfterValidator(check)


#: a list without repetitions, or a single value
Many = Annotated[tuple[T, ...], BeforeValidator(one_or_many), Field(min_length=1), AfterValidator(unrepeated)]
Line = Annotated[str, Field(max_length=500), AfterValidator(printable)]
