"""A sampler by name; the rows that say what each is stand in `nas.rows.samplers`."""

from __future__ import annotations

from nas.rows.samplers import SAMPLERS
from nas.search.samplers.base import Sampler
from nas.search.samplers.controller import ControllerSampler
from nas.search.samplers.evolution import EvolutionSampler
from nas.search.samplers.exhaustive import ExhaustiveSampler
from nas.search.samplers.random import RandomSampler
from nas.search.samplers.tpe import TpeSampler
from nas.spaces.space import SearchSpace

_CODE: dict[str, type[Sampler]] = {
    "tpe": TpeSampler,
    "random": RandomSampler,
    "evolution": EvolutionSampler,
    "controller": ControllerSampler,
    "exhaustive": ExhaustiveSampler,
}


def make(name: str, space: SearchSpace, seed: int) -> Sampler:
    """The sampler called `name`. Raises SettingError for an unknown one, SpaceError where it cannot serve."""
    return _CODE[SAMPLERS.find(name).name](space, seed)
