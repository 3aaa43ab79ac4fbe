"""Proposals, their decisions, and the walk through all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nas.errors import ExpressionError, SpaceError
from nas.protocol import Protocol, Recipe
from nas.spaces.candidate import Candidate, UndefinedCandidate
from nas.spaces.decisions import Choice, Interval, RandomChooser, Value
from nas.spaces.library import read
from nas.spaces.reader import from_data
from nas.spaces.space import SearchSpace
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from tests.spaces.drawing import Drawn

RANGES = ["weight_decay={low=1e-5,high=1e-2,log=true}", "batch_size=[64,128]", "flip=[true,false]"]
UNARY = ["x", "beta*x", "tanh(x)", "p*x + 1"]
BINARY = ["x1 + x2", "exp(-beta*(x1 - x2)^2)", "max(x1, x2)"]


def space(recipe: dict[str, Any] | None = None, **productions: Any) -> SearchSpace:
    data = {"schema": 1, "name": "small", "activation": productions, "recipe": recipe or {}}
    return SearchSpace(from_data(data, "small.toml"))


def unit_space(unary: list[str], binary: list[str], depth: Any = 1, **more: Any) -> SearchSpace:
    return space(core_unit={"unary": unary, "binary": binary, "depth": depth, **more})


@settings(max_examples=80, deadline=None)
@given(data=st.data(), depth=st.integers(1, 3))
def test_decisions_give_the_candidate_back(data: st.DataObject, depth: int) -> None:
    searched = SearchSpace(read("activations", [f"core_unit.depth={list(range(1, depth + 1))}", *RANGES]))
    draft = searched.draft(Drawn(data))
    try:
        candidate = draft.candidate()
    except UndefinedCandidate:
        with pytest.raises(UndefinedCandidate) as again:
            searched.candidate_from(draft.decisions)
        assert again.value.draft == draft
        return
    assert searched.candidate_from(dict(candidate.decisions)) == candidate
    assert set(candidate.settings) == {"weight_decay", "batch_size", "flip"}
    assert {name: candidate.decisions[f"recipe.{name}"] for name in candidate.settings} == candidate.settings
    assert candidate.decisions.keys() == candidate.dimensions.keys()
    for name, value in candidate.decisions.items():
        dimension = candidate.dimensions[name]
        if isinstance(dimension, Interval):
            assert dimension.low <= value <= dimension.high  # type: ignore[operator]
        else:
            assert len(dimension.options) > 1
            assert value in dimension.options


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_writing_reads_back_to_the_function(data: st.DataObject) -> None:
    """Parameter by parameter, in the order of their numbers."""
    try:
        candidate = SearchSpace(read("activations")).propose(Drawn(data))
        read_back = parse(candidate.writing)
    except (UndefinedCandidate, ExpressionError):
        assume(False)
    described = [
        [(p.name.strip("0123456789"), p.scope, p.start) for p in e.parameters]
        for e in (candidate.activation, read_back)
    ]
    assert described[0] == described[1]
    x = np.linspace(-1.3, 1.45, 12)
    ours, theirs = (
        evaluate(e, x, {p.name: 0.4 + 0.23 * i for i, p in enumerate(e.parameters)})
        for e in (candidate.activation, read_back)
    )
    both = np.isfinite(ours) & np.isfinite(theirs)
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-6, atol=1e-9)


def test_one_name_has_one_set_of_options() -> None:
    searched, chooser = SearchSpace(read("activations", RANGES)), RandomChooser(11)
    seen: dict[str, Any] = {}
    for _ in range(300):
        for name, dimension in searched.draft(chooser).dimensions.items():
            assert seen.setdefault(name, dimension) == dimension
    assert {
        "activation.production",
        "core_unit.depth",
        "core_unit.1.unary1",
        "core_unit.1.unary2",
        "core_unit.1.binary",
        "core_unit.2.inputs",
        "core_unit.2.unary1",
        "core_unit.2.unary2",
        "core_unit.2.binary",
        "core_unit.scope",
        "smooth_max.pieces",
        "smooth_max.scope",
        "recipe.weight_decay",
        "recipe.batch_size",
        "recipe.flip",
    } == set(seen)
    assert seen["core_unit.depth"] == Choice((1, 2))
    assert seen["recipe.weight_decay"] == Interval(1e-5, 1e-2, True)


some = st.lists(st.sampled_from(UNARY), min_size=1, max_size=3, unique=True)
rules = st.fixed_dictionaries(
    {
        "unary": some,
        "binary": st.lists(st.sampled_from(BINARY), min_size=1, max_size=2, unique=True),
        "depth": st.sampled_from([[1], [2], [1, 2], [2, 1]]),
        "parameters": st.sampled_from([["channel"], ["scalar", "channel"]]),
    }
)


@settings(max_examples=25, deadline=None)
@given(rule=rules, sizes=st.lists(st.sampled_from([32, 64, 96]), max_size=2, unique=True))
def test_walk_meets_every_writing_once(rule: dict[str, Any], sizes: list[int]) -> None:
    pieces = [["x", "0"], ["x", "p*x"]]
    recipe = {"batch_size": sizes} if sizes else {}
    searched = space(recipe, core_unit=rule, smooth_max={"pieces": pieces})
    met = [frozenset(draft.decisions.items()) for draft in searched.enumerate()]
    expected = {frozenset(d.items()) for d in _by_hand(rule, ["x, 0", "x, p*x"], sizes)}
    assert len(met) == len(set(met)) == searched.size()
    assert set(met) == expected


def _by_hand(rule: dict[str, Any], pieces: list[str], sizes: list[int]) -> Iterator[dict[str, Value]]:
    """Every set of decisions, by itertools; what has one option only is left out."""
    for production in _units(rule), ({"smooth_max.pieces": p} for p in pieces):
        for decisions, size in product(production, sizes or [0]):
            kind = "smooth_max" if "smooth_max.pieces" in decisions else "core_unit"
            complete = {"activation.production": kind, **decisions, "recipe.batch_size": size}
            yield {k: v for k, v in complete.items() if k not in _fixed(rule, sizes)}


def _fixed(rule: dict[str, Any], sizes: list[int]) -> set[str]:
    fixed = {"recipe.batch_size"} if len(sizes) < 2 else set()
    fixed |= {"core_unit.depth"} if len(rule["depth"]) == 1 else set()
    for level in (1, 2):
        fixed |= {f"core_unit.{level}.unary{i}" for i in (1, 2) if len(rule["unary"]) == 1}
        fixed |= {f"core_unit.{level}.binary"} if len(rule["binary"]) == 1 else set()
    return fixed


def _units(rule: dict[str, Any]) -> Iterator[dict[str, Value]]:
    one = list(product(rule["unary"], rule["unary"], rule["binary"]))
    for depth in rule["depth"]:
        inputs = [["inner, x", "x, inner", "inner, inner"]] * (depth - 1)
        for formulas in product(one, *([one] * (depth - 1)), *inputs):
            units, ways = formulas[:depth], formulas[depth:]
            decisions: dict[str, Value] = {"core_unit.depth": depth}
            for level, (first, second, binary) in enumerate(units, start=1):
                decisions |= {f"core_unit.{level}.unary1": first, f"core_unit.{level}.unary2": second}
                decisions |= {f"core_unit.{level}.binary": binary}
            decisions |= {f"core_unit.{level}.inputs": way for level, way in enumerate(ways, start=2)}
            learns = any("beta" in f or "p*x" in f for unit in units for f in unit)
            scopes = rule["parameters"] if learns and len(rule["parameters"]) > 1 else [None]
            for scope in scopes:
                yield decisions | ({"core_unit.scope": scope} if scope else {})


def only(searched: SearchSpace) -> Candidate:
    (draft,) = searched.enumerate()
    return draft.candidate()


def test_every_use_of_a_formula_has_its_own_parameter() -> None:
    candidate = only(unit_space(["beta*x"], ["beta*x1 + (1 - beta)*x2"]))
    assert candidate.writing == (
        "beta3[channel]*(beta1[channel]*x) + (1 - beta3[channel])*(beta2[channel]*x)"
    )
    assert [p.name for p in candidate.activation.parameters] == ["beta1", "beta2", "beta3"]


def test_an_inner_unit_used_twice_learns_once() -> None:
    searched = unit_space(["beta*x"], ["x1*x2"], 2)
    counts = {}
    for draft in searched.enumerate():
        candidate = draft.candidate()
        counts[draft.decisions["core_unit.2.inputs"]] = len(candidate.activation.parameters)
    # outer u1, u2 and inner u1, u2
    assert counts == {"inner, x": 4, "x, inner": 4, "inner, inner": 4}
    deeper = unit_space(["x + beta"], ["x1*x2"], 2).candidate_from({"core_unit.2.inputs": "inner, inner"})
    x, b = np.array([-1.2, 0.3, 2.1]), {"beta1": 0.3, "beta2": -0.7, "beta3": 1.1, "beta4": 0.2}
    inner = (x + 0.3) * (x - 0.7)
    np.testing.assert_allclose(evaluate(deeper.activation, x, b), (inner + 1.1) * (inner + 0.2), rtol=1e-12)


def test_each_input_goes_where_it_says() -> None:
    searched = unit_space(["tanh(x)", "x^2"], ["x1 - 3*x2"], 2)
    x = np.array([-1.2, 0.3, 2.1])
    inner = np.tanh(x) - 3 * x**2
    expected = {
        "inner, x": np.tanh(inner) - 3 * x**2,
        "x, inner": np.tanh(x) - 3 * inner**2,
        "inner, inner": np.tanh(inner) - 3 * inner**2,
    }
    for inputs, values in expected.items():
        decisions: dict[str, Value] = {"core_unit.2.inputs": inputs}
        for level in (1, 2):
            decisions |= {f"core_unit.{level}.unary1": "tanh(x)", f"core_unit.{level}.unary2": "x^2"}
        candidate = searched.candidate_from(decisions)
        np.testing.assert_allclose(evaluate(candidate.activation, x), values, rtol=1e-12)


def test_scope_and_start_reach_the_activation() -> None:
    candidate = only(unit_space(["p2[channel, 0.125]*x"], ["x1 + tanh(x2)"], parameters="scalar"))
    assert candidate.writing == "(p1[scalar, 0.125]*x) + tanh(p2[scalar, 0.125]*x)"
    assert {(p.name, p.scope, p.start) for p in candidate.activation.parameters} == {
        ("p1", "scalar", 0.125),
        ("p2", "scalar", 0.125),
    }


def test_catalogue_names_are_spelled_out_with_their_parameters() -> None:
    candidate = only(unit_space(["prelu(x)"], ["x1*x2"]))
    assert len(candidate.activation.parameters) == 2
    assert "prelu" not in candidate.writing
    assert parse(candidate.writing).parameters == candidate.activation.parameters


def test_undefined_candidates_keep_what_was_decided() -> None:
    searched = unit_space(["0", "x"], ["x1/x2", "x1 + x2"])
    fine, undefined = [], []
    for draft in searched.enumerate():
        try:
            fine.append(draft.candidate().activation.text)
        except UndefinedCandidate as error:
            undefined.append(error)
    assert len(fine) + len(undefined) == searched.size() == 8
    assert sorted(e.writing for e in undefined) == ["0/0", "x/0"]
    for error in undefined:
        assert error.reason
        assert error.decisions["core_unit.1.unary2"] == "0"
        assert error.decisions.keys() == error.dimensions.keys()
        with pytest.raises(UndefinedCandidate):
            searched.candidate_from(error.decisions)


def test_endless_spaces_have_no_size_and_no_walk() -> None:
    searched = space({"lr": {"low": 0.1, "high": 1.0}}, smooth_max={"pieces": [["x", "0"]]})
    assert searched.size() is None
    with pytest.raises(SpaceError, match=r"recipe\.lr is a range"):
        searched.enumerate()


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        ({}, "core_unit.1.unary1 is missing"),
        ({"core_unit.1.unary1": "x", "recipe.lr": 0.2}, "core_unit.1.unary2 is missing"),
        ({"core_unit.1.unary1": "x^9", "core_unit.1.unary2": "x", "recipe.lr": 0.2}, "not an option"),
        ({"core_unit.1.unary1": "x", "core_unit.1.unary2": "x", "recipe.lr": 2.0}, "outside"),
        ({"core_unit.1.unary1": "x", "core_unit.1.unary2": "x", "recipe.lr": float("nan")}, "outside"),
        ({"core_unit.1.unary1": "x", "core_unit.1.unary2": "x", "recipe.lr": "high"}, "outside"),
        (
            {"core_unit.1.unary1": "x", "core_unit.1.unary2": "x", "recipe.lr": 0.2, "core_unit.depth": 1},
            "core_unit.depth is not one of this candidate",
        ),
    ],
)
def test_foreign_decisions_are_refused(decisions: dict[str, Value], message: str) -> None:
    productions = {"core_unit": {"unary": ["x", "-x"], "binary": ["x1*x2"]}}
    searched = space({"lr": {"low": 0.1, "high": 1.0}}, **productions)
    with pytest.raises(SpaceError, match=message):
        searched.candidate_from(decisions)


def test_fixed_settings_go_into_the_recipe_and_others_into_candidates() -> None:
    recipe = {"lr": 1, "label_smoothing": [0.5], "flip": False, "crop": [0, 2]}
    file = space(recipe, smooth_max={"pieces": [["x", "0"]]}).file
    default = Protocol(data="digits", val_size=9, recipe=Recipe(lr=0.3, label_smoothing=0.8, crop=3))
    fixed = Recipe(lr=1.0, label_smoothing=0.5, flip=False, crop=3)
    assert file.protocol(default) == default.model_copy(update={"recipe": fixed})
    assert {dict(d.settings)["crop"] for d in SearchSpace(file).enumerate()} == {0, 2}


def test_random_chooser_covers_a_range_in_its_logarithm() -> None:
    chooser = RandomChooser(5)
    drawn = np.array([chooser.uniform("lr", 1e-4, 1.0, True) for _ in range(2000)])
    assert drawn.min() >= 1e-4
    assert drawn.max() <= 1.0
    assert abs(np.mean(drawn < 1e-2) - 0.5) < 0.05  # half of the decades
    even = np.array([chooser.uniform("lr", 2.0, 4.0, False) for _ in range(2000)])
    assert abs(even.mean() - 3.0) < 0.05


SCRIPT = """
import sys
from nas.spaces.decisions import RandomChooser
from nas.spaces.library import read
from nas.spaces.space import SearchSpace
searched, chooser = SearchSpace(read("activations")), RandomChooser(7)
for _ in range(40):
    candidate = searched.propose(chooser)
    print(candidate.writing, candidate.activation.text)
assert not {"torch", "optuna"} & set(sys.modules)
"""


@pytest.mark.slow
def test_proposals_are_the_same_in_every_process_and_need_no_torch() -> None:
    printed = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert printed[0].count("\n") == 40
