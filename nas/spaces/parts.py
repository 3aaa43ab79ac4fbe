"""What the tables of a space file beside the activation have in common: values that a candidate decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol, TypeVar

from pydantic import Discriminator, Tag

from nas.spaces.decisions import Choice, Chooser, Dimension, Interval, Value
from nas.spaces.settings import Range, kind_of
from nas.spaces.strict import Many

#: a number, several of them, or a range
Numbers = Annotated[
    Annotated[float, Tag("value")]
    | Annotated[Many[float], Tag("list")]
    | Annotated[Range[float], Tag("range")],
    Discriminator(kind_of),
]
V = TypeVar("V", bound=Value)


class Part(Protocol):
    """A table whose decisions become settings of a candidate."""

    def draw(self, chooser: Chooser) -> dict[str, Value]:
        """The settings that `chooser` decides on."""

    def size(self) -> int | None:
        """How many different ones there are; None for endless."""

    @property
    def has_reference(self) -> bool:
        """Whether its first option is one to hold others against."""


def decide(chooser: Chooser, name: str, value: Value | Dimension) -> Value:
    """The value itself, or the one that `chooser` takes."""
    if isinstance(value, Interval):
        return chooser.uniform(name, value.low, value.high, value.log)
    return chooser.choose(name, value.options) if isinstance(value, Choice) else value


def size_of(value: Value | Dimension) -> int | None:
    """How many values there are; None for a range."""
    if isinstance(value, Interval):
        return None
    return len(value.options) if isinstance(value, Choice) else 1


def product_of(sizes: Sequence[int | None]) -> int | None:
    """Of decisions taken side by side; None where one is endless."""
    total = 1
    for size in sizes:
        if size is None:
            return None
        total *= size
    return total


def sum_of(sizes: Sequence[int | None]) -> int | None:
    """Of ways of which one is taken."""
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


class First:
    """Decides for the first option, and for the middle of a range: the reference of a space."""

    def choose(self, name: str, options: Sequence[V]) -> V:
        """The first one."""
        return options[0]

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """The middle, in the logarithm if `log`."""
        return (low * high) ** 0.5 if log else (low + high) / 2


def reference(parts: Sequence[Part]) -> Mapping[str, Value]:
    """The settings of the candidate that takes the first option of everything."""
    found: dict[str, Value] = {}
    for part in parts:
        if part.has_reference:
            found |= part.draw(First())
    return found
