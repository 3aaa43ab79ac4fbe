"""The controller: begins even, climbs, and knows nothing but the seed and the trials it was told."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from optuna.trial import TrialState

from nas.search.samplers.controller import BINS, ControllerSampler, _Policy, _reward, _Writing
from nas.spaces.decisions import Replay
from nas.spaces.library import read
from nas.spaces.space import SearchSpace
from tests.search.test_evolution import CELLS, JOINT, search, told

INITS = SearchSpace(read("inits"))


@pytest.mark.slow
def test_it_climbs_where_random_search_does_not() -> None:
    """Of six edges all are right in the end; a random cell has 1.2."""
    scores = search(ControllerSampler(CELLS, 1), 200)  # type: ignore[arg-type]
    assert max(scores[:20]) < 6
    assert sum(scores[-20:]) / 20 > 5


@pytest.mark.parametrize("space", [CELLS, JOINT, INITS], ids=["cells", "joint", "inits"])
def test_it_depends_on_the_trials_told_alone_in_whatever_order(space: SearchSpace) -> None:
    first, again = ControllerSampler(space, 4), ControllerSampler(space, 4)
    trials = []
    for number in range(6):
        draft = first.ask(number, 0)
        assert draft is not None
        trials.append(told(number, draft, 0.1 + 0.1 * (number % 3)))
        first.tell([trials[-1]])
    again.tell(trials[3:])
    again.ask(6, 0)  # has learned of half of them already
    again.tell(trials[:3])
    for attempt in range(3):
        a, b = first.ask(6, attempt), again.ask(6, attempt)
        assert a is not None
        assert b is not None
        assert a.decisions == b.decisions


def test_it_begins_with_every_option_equally_likely() -> None:
    sampler = ControllerSampler(CELLS, 0)
    drawn = Counter(sampler.ask(0, k).settings["net"].split("~")[0] for k in range(200))  # type: ignore[union-attr]
    assert len(drawn) == 5
    assert all(abs(count - 40) < 4 * math.sqrt(200 * 0.2 * 0.8) for count in drawn.values())


def test_a_step_makes_what_was_rewarded_likelier_and_what_was_not_rarer() -> None:
    for reward, sign in ((0.9, 1), (0.1, -1)):
        policy = _Policy(3)
        decisions = ControllerSampler(CELLS, 3).ask(0, 0).decisions  # type: ignore[union-attr]

        def log(policy: _Policy = policy, decisions: object = decisions) -> torch.Tensor:
            writing = _Writing(policy, Replay(decisions))  # type: ignore[arg-type]
            CELLS.draft(writing)
            return torch.stack(writing.logs).sum()

        before = log().item()
        assert before == pytest.approx(6 * math.log(1 / 5), abs=1e-5)
        for value in (0.5, reward):  # the first reward is only remembered
            writing = _Writing(policy, Replay(decisions))
            CELLS.draft(writing)
            policy.learn(writing, value)
        assert sign * (log().item() - before) > 1e-3


def test_numbers_of_a_range_fall_into_its_parts_and_are_read_back_into_them() -> None:
    policy = _Policy(0)
    sampler = ControllerSampler(INITS, 0)
    parts = set()
    for attempt in range(60):
        draft = sampler.ask(0, attempt)
        assert draft is not None
        lr = float(draft.decisions["recipe.lr"])
        assert 0.01 <= lr <= 0.3
        writing = _Writing(policy, Replay(draft.decisions))
        INITS.draft(writing)
        parts.add(int(math.log(lr / 0.01) / math.log(30) * BINS))
    assert parts == set(range(BINS))


def test_what_never_had_a_score_is_rewarded_with_nothing() -> None:
    draft = ControllerSampler(CELLS, 0).ask(0, 0)
    assert draft is not None
    assert _reward(told(0, draft, 0.7)) == 0.7
    assert _reward(told(0, draft, 0.4, TrialState.PRUNED)) == 0.4
    assert _reward(told(0, draft, None, TrialState.PRUNED)) == 0.0
