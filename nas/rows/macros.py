"""Networks described by their large choices, written as text: macro(block=basic, depth=2, width=16).

Three stages of `depth` blocks with `width`, 2 and 4 times `width` channels; sides are halved between them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from nas.errors import SettingError
from nas.registry import Table, did_you_mean
from nas.rows.norms import NORMS


@dataclass(frozen=True)
class Block:
    """What a stage repeats."""

    name: str
    summary: str
    source: str


@dataclass(frozen=True)
class Pooling:
    """How a layer makes one pixel of four."""

    name: str
    summary: str
    source: str


BLOCKS = Table(
    "block",
    [
        Block("plain", "a 3x3 convolution, norm, activation", "SimonyanZisserman2015"),
        Block("basic", "two 3x3 convolutions around which the input is added", "He2016"),
        Block("bottleneck", "1x1, 3x3, 1x1 convolutions around which the input is added", "He2016"),
        Block("resnext", "a bottleneck whose 3x3 convolution is split into groups", "Xie2017"),
        Block("inception", "1x1, 3x3, 5x5 convolutions and a maximum side by side", "Szegedy2015"),
        Block("nin", "a 3x3 and two 1x1 convolutions, each with norm and activation", "Lin2014"),
    ],
)

POOLINGS = Table(
    "pooling",
    [
        Pooling("max", "the largest of each 2x2 pixels", "nas"),
        Pooling("average", "the mean of each 2x2 pixels", "nas"),
        Pooling("min", "the smallest of each 2x2 pixels: -max(-x)", "nas"),
    ],
)
MOST_DEPTH, MOST_WIDTH = 64, 1024

_FORM = re.compile(r"\s*macro\s*\((.*)\)\s*", re.DOTALL)
_PAIR = re.compile(r"\s*([a-z]+)\s*=\s*([a-z0-9]+)\s*")


@dataclass(frozen=True)
class Macro:
    """A network by its large choices; what is None is left to whoever builds it."""

    block: str = "basic"
    depth: int = 2  #: blocks a stage
    width: int | None = None  #: channels of the first stage
    pooling: str = "max"  #: between the stages
    norm: str | None = None

    def __post_init__(self) -> None:
        BLOCKS.find(self.block)
        _within("depth", self.depth, MOST_DEPTH)
        if self.width is not None:
            _within("width", self.width, MOST_WIDTH)
        POOLINGS.find(self.pooling)
        if self.norm is not None:
            NORMS.find(self.norm)

    def __str__(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return f"macro({', '.join(f'{name}={value}' for name, value in values if value is not None)})"


def is_macro(text: str) -> bool:
    """Whether `text` means to be the description of a network."""
    return text.strip().startswith("macro")


def parse_macro(text: str) -> Macro:
    """The network written as `text`; every choice but once, in any order, those left out at their defaults.

    Raises:
        SettingError: not of this form, an unknown choice or value, a choice made twice.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise SettingError("this describes no network", got=text, allowed=str(Macro(width=16, norm="batch")))
    chosen: dict[str, str | int] = {}
    for word in form[1].split(",") if form[1].strip() else ():
        name, value = _pair(word)
        if name in chosen:
            raise SettingError("a choice is made twice", got=f"{name} in {text}")
        chosen[name] = _whole(name, value) if name in ("depth", "width") else value
    return Macro(**chosen)  # type: ignore[arg-type]  # each checked by Macro itself


def _pair(word: str) -> tuple[str, str]:
    pair = _PAIR.fullmatch(word)
    names = [field.name for field in fields(Macro)]
    if pair is None or pair[1] not in names:
        raise SettingError(
            "a network is described by choice=value",
            got=word.strip() or "nothing between two commas",
            allowed=", ".join(names),
            cure=did_you_mean(word.split("=")[0].strip(), names),
        )
    return pair[1], pair[2]


def _whole(name: str, value: str) -> int:
    if not value.isdigit():
        raise SettingError(f"{name} is a whole number", got=value)
    return int(value)


def _within(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise SettingError(f"{name} is out of range", got=value, allowed=f"1 to {most}")
