"""Regularized evolution: children differ from a good young parent in one decision, and it climbs."""

from __future__ import annotations

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from nas.search.samplers.evolution import POPULATION, EvolutionSampler
from nas.search.samplers.random import RandomSampler
from nas.search.study import _distributions
from nas.spaces.candidate import Draft
from nas.spaces.library import read
from nas.spaces.space import SearchSpace

CELLS = SearchSpace(read("cells"))
JOINT = SearchSpace(read("joint"))
COMPLETE, PRUNED = TrialState.COMPLETE, TrialState.PRUNED


def told(
    number: int, draft: Draft, value: float | None, state: TrialState = TrialState.COMPLETE
) -> FrozenTrial:
    trial = optuna.trial.create_trial(
        state=state,
        value=value if state is COMPLETE else None,
        params=dict(draft.decisions),
        distributions=_distributions(draft.dimensions),
        intermediate_values={} if value is None else {1: value},
    )
    trial.number = number
    return trial


def cells_right(draft: Draft) -> int:
    """Of six edges, those that are a 3x3 convolution."""
    return str(draft.settings["net"]).count("nor_conv_3x3")


def search(sampler: EvolutionSampler | RandomSampler, trials: int) -> list[int]:
    scores = []
    for number in range(trials):
        draft = sampler.ask(number, 0)
        assert draft is not None
        scores.append(cells_right(draft))
        sampler.tell([told(number, draft, scores[-1] / 6)])
    return scores


@pytest.mark.parametrize("space", [CELLS, JOINT], ids=["cells", "joint"])
def test_a_child_differs_in_one_decision_and_what_that_opens_up(space: SearchSpace) -> None:
    sampler = EvolutionSampler(space, 3)
    parents = []
    for number in range(POPULATION):
        draft = sampler.ask(number, 0)
        assert draft is not None
        parents.append(draft)
        sampler.tell([told(number, draft, 0.5)])
    for attempt in range(20):
        child = sampler.ask(POPULATION, attempt)
        assert child is not None
        shared = [
            {k for k in p.decisions.keys() & child.decisions.keys() if p.decisions[k] != child.decisions[k]}
            for p in parents
        ]
        assert min(map(len, shared)) <= 1


def test_it_climbs_where_random_search_does_not() -> None:
    evolved = [max(search(EvolutionSampler(CELLS, seed), 250)) for seed in range(3)]
    drawn = [max(search(RandomSampler(CELLS, seed), 250)) for seed in range(3)]
    assert min(evolved) == 6
    assert max(drawn) < 6


def test_the_best_of_a_sample_is_above_the_pruned_and_the_old_die() -> None:
    sampler = EvolutionSampler(CELLS, 1)
    drafts = [RandomSampler(CELLS, 9).ask(n, 0) for n in range(POPULATION + 1)]
    assert all(drafts)
    sampler.tell([told(0, drafts[0], 0.99)])  # type: ignore[arg-type]
    sampler.tell([told(n, drafts[n], 0.9, TrialState.PRUNED) for n in range(1, POPULATION)])  # type: ignore[arg-type]
    sampler.tell([told(POPULATION, drafts[POPULATION], 0.1)])  # type: ignore[arg-type]
    old, finished = drafts[0], drafts[POPULATION]
    assert old is not None
    assert finished is not None
    children = [sampler.ask(50, attempt) for attempt in range(40)]
    assert (
        sum(changed(finished, child) <= 1 for child in children) >= 5
    )  # in every fourth sample, and best there
    assert all(changed(old, child) > 0 for child in children)


def changed(parent: Draft, child: Draft | None) -> int:
    """Decisions of the parent that the child takes otherwise."""
    assert child is not None
    return sum(child.decisions.get(name) != value for name, value in parent.decisions.items())
