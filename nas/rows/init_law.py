"""An init as a value: equal where it means the same, however it was written; with its theoretical variance.

Init = steps with data, in turn, of a Law        Law = distribution x fan x gain x depth scaling
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from nas.rows.init_parts import DEPTHS, GAINS, HEADS, STEPS, Depth, Needs, Step

_BELOW = {"in": "fan_in", "out": "fan_out", "avg": "((fan_in + fan_out) / 2)"}
_ACROSS = {"orthogonal": "max(out, fan_in)", "delta": "(k^2 max(out, in))"}
_SAME = 1e-12  #: relative difference of two gains that are one


@dataclass(frozen=True)
class Fans:
    """The size of a layer's weights [channels_out, channels_in / groups, *kernel]."""

    channels_in: int  #: of one group
    channels_out: int  #: of one group
    taps: int = 1  #: pixels of the kernel

    def of(self, fan: str) -> float:
        """The number called `fan`."""
        into, out = self.taps * self.channels_in, self.taps * self.channels_out
        return {"in": into, "out": out, "avg": (into + out) / 2, "none": 1}[fan]


@dataclass(frozen=True)
class Law:
    """w = gain / sqrt(fan) S. Made by `law`, which gives one form to what means the same."""

    head: str
    fan: str
    gain: str | float  #: the name of a gain, or a number
    depth: str

    def __str__(self) -> str:
        gain = self.gain if isinstance(self.gain, str) else f"{self.gain!r}"
        depth = "" if self.depth == "none" else f", depth={self.depth}"
        return f"{self.head}(fan={self.fan}, gain={gain}{depth})"

    @property
    def value(self) -> float | None:
        """The gain, where it does not depend on the activation."""
        return GAINS[self.gain].value if isinstance(self.gain, str) else self.gain

    def divisor(self, fans: Fans) -> float:
        """E w^2 = gain^2 / divisor over a layer's weights: their variance, but for dirac and constant."""
        if self.fan != "none":
            return fans.of(self.fan)
        across = {
            "orthogonal": max(fans.channels_out, fans.taps * fans.channels_in),
            "delta": fans.taps * max(fans.channels_out, fans.channels_in),
        }
        return across.get(self.head, 1)

    @property
    def formula(self) -> str:
        """The variance in words."""
        if self.head == "constant":
            return "Var[w] = 0"
        name = "E w^2" if self.head == "dirac" else "Var[w]"
        square = self._square()
        below = _BELOW.get(self.fan) or _ACROSS.get(self.head)
        if below is None:
            return f"{name} = {square}"
        return f"{name} = 1 / (3 {below})" if square == "1/3" else f"{name} = {square} / {below}"

    def _square(self) -> str:
        if self.value is None:
            return "gain^2"
        return "1/3" if self.gain == "torch" else f"{self.value**2:.6g}"


def law(head: str, fan: str, gain: str | float, depth: str = "none") -> Law:
    """The law in its one form: a gain that has a name goes by it, zeros have no other part.

    Identity matrices have one 1 a row, so that nothing divided by is the same as fan_in.
    """
    if not isinstance(gain, str):
        named = (row.name for row in GAINS.values() if row.value is not None and _same(row.value, gain))
        gain = next(named, float(gain))
    if head == "dirac" and fan == "none":
        fan = "in"
    return Law(head, "none", gain, "none") if gain == 0 else Law(head, fan, gain, depth)


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_SAME)


@dataclass(frozen=True)
class Init:
    """A law, and what data then makes of the weights, the first step first."""

    law: Law
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = str(self.law)
        for step in self.steps:
            text = f"{step}({text})"
        return text

    @property
    def needs(self) -> tuple[Needs, ...]:
        """What must be known beside the shapes of the weights; ("nothing",) where nothing must."""
        found: list[Needs] = []
        if isinstance(self.law.gain, str) and GAINS[self.law.gain].value is None:
            found.append("activation")
        if self.law.depth != "none":
            found.append("structure")
        if self.steps:
            found.append("data")
        return tuple(found) or ("nothing",)

    @property
    def parts(self) -> tuple[Depth | Step, ...]:
        """What is done beside drawing by gain and fan."""
        depth = () if self.law.depth == "none" else (DEPTHS[self.law.depth],)
        return (*depth, *(STEPS[step] for step in self.steps))

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of the papers behind its parts, each once."""
        law = self.law
        keys = [HEADS[law.head].source]
        if isinstance(law.gain, str):
            keys.append(GAINS[law.gain].source)
        keys += [part.source for part in self.parts]
        return tuple(dict.fromkeys(keys))
