"""How a search spends less on the worse: who goes on, and what grows from rung to rung."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table


@dataclass(frozen=True)
class Pruner:
    """A rule for who goes on to the next rung."""

    name: str
    summary: str
    source: str


@dataclass(frozen=True)
class Fidelity:
    """A field of the protocol that is small at the lowest rung and full at the last one."""

    name: str
    summary: str
    least: int  #: value of the lowest rung, unless it is given
    goes_on: bool  #: a training goes on from rung to rung; otherwise each rung trains anew


PRUNERS = Table(
    "pruner",
    [
        Pruner("none", "every candidate is trained to its end", "nas"),
        Pruner("halving", "asynchronous successive halving (ASHA): the best of each rung go on", "Li2020"),
        Pruner("hyperband", "successive halving in brackets that begin at different rungs", "LiJamieson2018"),
    ],
)

FIDELITIES = Table(
    "fidelity",
    [
        Fidelity("epochs", "epochs; a training goes on from where it paused", 1, goes_on=True),
        Fidelity("train_size", "training images; each rung trains anew", 1000, goes_on=False),
        Fidelity("width", "channels of the first layers; each rung trains anew", 2, goes_on=False),
    ],
)


def ladder(full: int, fidelity: str, reduction: int) -> tuple[int, ...]:
    """The rungs up to `full`, each `reduction` times the one below it, from the least value on."""
    least = FIDELITIES.find(fidelity).least
    values = [full]
    while values[-1] // reduction >= least:
        values.append(values[-1] // reduction)
    return tuple(reversed(values))
