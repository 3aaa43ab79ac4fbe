"""Random proposals are uniform over functions where these can be told apart, else over writings."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from nas.search.proposals import Known, Proposals
from nas.search.samplers.random import RandomSampler
from nas.search.samplers.tpe import TpeSampler
from nas.spaces.decisions import Replay
from nas.spaces.library import read
from nas.spaces.listing import describe
from nas.spaces.reader import from_data
from nas.spaces.space import SearchSpace
from tests.evaluation.conftest import PROTOCOL

#: x + x, 2 x and x 2 are one function; so are x^2 and x x, and the two orders of every pair
DATA: dict[str, Any] = {
    "schema": 1,
    "name": "small",
    "activation": {
        "core_unit": {"unary": ["x", "2*x", "beta*x"], "binary": ["x1 + x2", "x1*x2"]},
        "shapes": {"shapes": ["u(u(x))"], "unary": ["x", "x^2", "sin(x)"]},
    },
    "recipe": {"batch_size": [32, 64], "lr": {"low": 0.1, "high": 1.0}},
}


def drawn(sampler: RandomSampler, count: int) -> list[Any]:
    drafts = [sampler.ask(number, 0) for number in range(count)]
    assert all(draft is not None for draft in drafts)
    return drafts


def test_every_function_is_equally_likely() -> None:
    drafts = drawn(RandomSampler(SearchSpace(from_data(DATA, "small.toml")), 5), 3000)
    met = Counter(draft.candidate().activation.text for draft in drafts)
    # 2x 3x 4x xx 2xx 4xx x+bx 2x+bx bx+bx bxx 2bxx bbxx; x x^4 sin(x) sin(x)^2 sin(x^2) sin(sin(x))
    assert len(met) == 12 + 6
    for many in met.values():
        assert abs(many - 3000 / 18) < 5.5 * (3000 / 18) ** 0.5
    assert {draft.settings["batch_size"] for draft in drafts} == {32, 64}
    assert len({draft.settings["lr"] for draft in drafts}) == 3000


def test_draws_depend_on_seed_trial_and_attempt_alone() -> None:
    searched = SearchSpace(read("aquasurf_small"))
    one, other = RandomSampler(searched, 5), RandomSampler(SearchSpace(read("aquasurf_small")), 5)
    for number, attempt in [(7, 0), (3, 2), (7, 1), (0, 0)]:
        assert one.ask(number, attempt) == other.ask(number, attempt)
    assert one.ask(7, 0) != one.ask(7, 1)
    assert one.ask(7, 0) != RandomSampler(searched, 6).ask(7, 0)


@pytest.mark.parametrize(
    ("name", "word"), [("aquasurf_large", "over different functions"), ("activations", "over writings: more")]
)
def test_a_space_says_what_its_draws_are_uniform_over(name: str, word: str) -> None:
    (said,) = [entry.values[0] for entry in describe(read(name)) if entry.key == "random draws"]
    assert word in said


def test_a_space_too_large_to_count_is_drawn_by_its_writings() -> None:
    drafts = drawn(RandomSampler(SearchSpace(read("ramachandran")), 1), 60)
    assert {draft.decisions["core_unit.depth"] for draft in drafts} == {3}  # all but one of 20,000


@pytest.mark.parametrize("kind", [RandomSampler, TpeSampler])
def test_nothing_outside_the_limits_is_proposed(kind: Any) -> None:
    searched = SearchSpace(read("yardstick", ["limits.complexity=5", "limits.nested={exp=['pow']}"]))
    proposals = Proposals(searched, kind(searched, 3), Known(PROTOCOL), 3, False)
    for number in range(15):
        proposal = proposals.next(number)
        assert proposal is not None
        assert "exp(-" not in proposal.candidate.writing  # of x^2, or of (x1 - x2)^2
        weight = searched.limits.weigh(searched.draft(Replay(proposal.candidate.decisions)).genotype)
        assert weight is not None
        assert weight.nodes <= 5
