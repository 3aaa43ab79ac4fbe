"""How many functions a space has: against brute force, closed forms and the published figures."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from nas.spaces.counting.count import count, distinct
from nas.spaces.counting.evaluator import TooLarge
from nas.spaces.counting.operators import operator
from nas.spaces.counting.sketch import Sketch
from nas.spaces.decisions import RandomChooser
from nas.spaces.library import read
from nas.spaces.schema import CoreUnit
from nas.spaces.space import SearchSpace
from nas.symbolic.fingerprint import Seen
from tests.spaces.test_grammar import read_again
from tests.spaces.test_space import space, unit_space


def spaced(name: str, *settings: str) -> SearchSpace:
    return SearchSpace(read(name, settings))


def test_the_small_space_of_aquasurf() -> None:
    """5,103 expressions, 2,795 functions and 2,913 float32 patterns (Bingham & Miikkulainen 2023)."""
    found = count(spaced("aquasurf_small"))
    assert (found.expressions, found.method, found.low, found.high) == (5103, "exact", None, None)
    assert found.distinct == pytest.approx(2795, rel=0.01)
    assert found.distinct_float32 == pytest.approx(2913, rel=0.01)
    assert found.finite is not None
    assert 2000 < found.finite < found.distinct


@pytest.mark.slow
def test_the_large_space_of_aquasurf() -> None:
    """1,023,524 expressions, about 387,000 functions, 425,896 float32 patterns published."""
    found = count(spaced("aquasurf_large"))
    assert (found.expressions, found.method) == (1_023_524, "exact")
    assert found.distinct == pytest.approx(387_000, rel=0.005)
    assert found.distinct_float32 == pytest.approx(425_896, rel=0.01)


def _core_units(*values: float) -> int:
    """Functions of depth 1 with the parameters of u1, u2 and b at three values, by brute force."""
    table = read("ramachandran").activation.core_unit
    assert isinstance(table, CoreUnit)
    x = 4 * np.sin(np.arange(1, 60) * 0.739)[None]
    first, second = (
        [operator(u, 1, True)([x], [v] * ("beta" in u)) for u in table.unary] for v in values[:2]
    )
    seen = set()
    for a, b, f in product(first, second, table.binary):
        y = operator(f, 2, True)([a, b], [values[2]] * ("beta" in f))
        part, power = np.frexp(np.where(np.abs(y[0]) < 1e-11, 0, y[0]))
        seen.add(np.stack([np.round(part * 2**30), power]).tobytes())
    return len(seen)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_core_units_of_depth_one() -> None:
    """6,250 expressions; a beta of its own each, all tied, all at 1."""
    own, tied, fixed = (
        count(spaced("ramachandran", "depth=1", *more))
        for more in ((), ("tied=true",), ("parameters=fixed",))
    )
    assert {own.expressions, tied.expressions, fixed.expressions} == {6250}
    assert fixed.distinct == pytest.approx(_core_units(1, 1, 1), rel=0.005)
    assert tied.distinct == pytest.approx(_core_units(0.83, 0.83, 0.83), rel=0.01)
    # with every place's beta told apart by its value, those that differ in names only count again
    named = _core_units(0.83, 1.21, 0.67)
    assert named == pytest.approx(4393, rel=0.005)
    assert tied.distinct < own.distinct < named


def _by_search(searched: SearchSpace) -> int:
    """Functions as a search tells them apart, one by one."""
    seen: Seen[str] = Seen()
    total = 0
    for draft in searched.enumerate():
        expression = draft.candidate().activation
        if seen.find(expression) is None:
            seen.add(expression, draft.writing)
            total += 1
    return total


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("parameters", [["channel"], ["channel", "scalar"], ["fixed", "channel"]])
def test_counts_agree_with_a_search_that_tells_functions_apart(parameters: Any, tied: bool) -> None:
    rule = {"unary": ["x", "beta*x", "x + p1", "tanh(x)"], "parameters": parameters, "tied": tied}
    one = space(core_unit={**rule, "binary": ["x1 + x2", "x1*x2", "exp(-beta*(x1 - x2)^2)"]})
    assert count(one).distinct == _by_search(one)
    two = space(core_unit={**rule, "unary": ["x", "x + beta"], "binary": ["x1*x2", "x1 - x2"], "depth": 2})
    assert count(two).distinct == _by_search(two)
    maxima = space(smooth_max={"any_of": ["x", "0", "p1*x"], "number": [2, 3], "parameters": parameters})
    assert count(maxima).distinct == _by_search(maxima)


def test_productions_and_scopes_share_what_is_one_function() -> None:
    searched = space(
        core_unit={"unary": ["x", "beta*x"], "binary": ["x1 + x2"], "parameters": ["scalar", "channel"]},
        shapes={"shapes": ["u(x)"], "unary": ["2*x", "x + beta*x", "sin(x)"], "parameters": "channel"},
    )
    # x + x is 2x; x + beta x is there in channel twice; beta1 x + beta2 x; sin x; the learned ones scalar too
    assert count(searched).expressions == 1 + 3 * 2 + 3
    assert count(searched).distinct == _by_search(searched) == 1 + 2 * 2 + 1


def test_only_what_is_within_the_limits_is_counted() -> None:
    full = unit_space(["x", "exp(x)", "x^2"], ["x1*x2", "x1 + x2"], 2)
    limited = SearchSpace(read_again(full, complexity=9, nested={"exp": ["exp", "mul"], "pow": ["pow"]}))
    found = count(limited)
    assert found.expressions == len(list(limited.enumerate())) < full.writings()
    assert found.distinct == _by_search(limited)


def test_undefined_and_infinite_functions() -> None:
    searched = space(shapes={"shapes": ["u(u(x))"], "unary": ["x", "1/x", "exp(exp(exp(x)))", "log(x)"]})
    found = count(searched)
    assert found.distinct == _by_search(searched)
    assert found.finite == 3  # x, 1/x, and 1/exp(exp(exp(x))), which is 0 where that overflows


def test_a_sketch_estimates_what_it_cannot_keep() -> None:
    random = np.random.default_rng(5)
    numbers = random.integers(0, 2**64, 40_000, dtype=np.uint64)
    small, large = Sketch(2048), Sketch(100_000)
    for _ in range(3):
        for part in np.array_split(random.permutation(numbers), 7):
            for sketch in (small, large):
                sketch.add(part, np.arange(len(part)))
    assert large.distinct() == large.distinct().__class__(40_000, 40_000, 40_000)
    assert large.exact
    estimate = small.distinct()
    assert not small.exact
    assert estimate.low < estimate.value < estimate.high
    assert estimate.value == pytest.approx(40_000, rel=4 / 2048**0.5)
    assert small.finite() == pytest.approx(20_000, rel=0.1)


@pytest.mark.parametrize("name", ["aquasurf_small", "ramachandran"])
def test_a_sample_brackets_the_truth(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = spaced(name, *(["depth=1"] if name == "ramachandran" else []))
    truth = count(searched).distinct
    monkeypatch.setattr("nas.spaces.counting.count._LARGEST_PART", 1000)
    monkeypatch.setattr("nas.spaces.counting.sampling.WRITINGS", 1 << 12)
    found = count(searched, budget=1000)
    assert found.method == "sampled"
    assert found.low is not None
    assert found.high is not None
    assert found.low <= truth <= found.high
    assert (found.distinct_float32, found.finite) == (None, None)
    with pytest.raises(TooLarge):
        distinct(searched, budget=1000)


def test_ranks_lead_to_the_writings_that_were_counted() -> None:
    """Every different function once, and the same ones every time."""
    searched = spaced(
        "ramachandran",
        "depth=1",
        "unary=['x','beta*x','tanh(x)','1']",
        "binary=['x1 + x2','x1*x2','exp(-beta*abs(x1 - x2))']",
    )
    ranks = distinct(searched).ranks
    seen: Seen[int] = Seen()
    for rank in ranks:
        draft = searched.ranked(int(rank), RandomChooser(0))
        assert draft is not None
        expression = draft.candidate().activation
        assert seen.find(expression) is None, draft.writing
        seen.add(expression, int(rank))
    assert len(ranks) == _by_search(searched)
    np.testing.assert_array_equal(ranks, distinct(searched).ranks)
