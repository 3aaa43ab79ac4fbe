"""Shapes, flat lists of pieces, tied and fixed parameters, limits: written, built, walked and counted."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import SpaceError
from nas.spaces.candidate import UndefinedCandidate
from nas.spaces.decisions import RandomChooser
from nas.spaces.library import names, read
from nas.spaces.space import SearchSpace
from nas.symbolic.expression import Expression
from nas.symbolic.form import Node
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from tests.spaces.drawing import Drawn
from tests.spaces.test_space import only, space, unit_space

X = np.array([-2.13, -0.71, -0.14, 0.37, 1.29, 2.6])


def values(expression: Expression, **parameters: float) -> Any:
    return evaluate(expression, X, parameters)


def test_a_shape_puts_operators_where_it_says() -> None:
    searched = space(
        shapes={
            "shapes": ["b(u(u(x)), x)", "u(b(x, u(x)))", "n(x, u(x), x)"],
            "unary": ["sin(x)", "x^2 + 1"],
            "binary": ["x1 - 3*x2"],
            "nary": ["x1 + 5*x2 - 7*x3"],
            "formulas": ["gelu(x)", "exp(-x)"],
        }
    )
    u = [np.sin, lambda x: x**2 + 1]
    expected = [
        *(f(g(X)) - 3 * X for g, f in product(u, u)),
        *(f(X - 3 * g(X)) for g, f in product(u, u)),
        *(X + 5 * g(X) - 7 * X for g in u),
        values(parse("gelu")),
        np.exp(-X),
    ]
    drafts = list(searched.enumerate())
    assert len(drafts) == searched.size() == len(expected) == 12
    for draft, reference in zip(drafts, expected, strict=True):
        np.testing.assert_allclose(
            values(draft.candidate().activation), reference, rtol=1e-12, err_msg=draft.writing
        )
        np.testing.assert_allclose(values(parse(draft.writing)), reference, rtol=1e-12)
        assert searched.candidate_from(draft.decisions).activation == draft.candidate().activation


@pytest.mark.parametrize("number", [2, 3])
def test_a_smooth_maximum_of_a_flat_list_is_the_definition(number: int) -> None:
    pieces = {"0": 0 * X, "x": X, "p*x": 0.3 * X, "tanh(x)": np.tanh(X)}
    searched = space(smooth_max={"any_of": list(pieces), "number": number})
    drafts = list(searched.enumerate())
    assert len(drafts) == searched.size() == 4**number
    beta = 1.7
    for draft in drafts:
        chosen = [pieces[str(draft.decisions[f"smooth_max.piece{i}"])] for i in range(1, number + 1)]
        weights = [np.exp(beta * piece) for piece in chosen]
        reference = sum(p * w for p, w in zip(chosen, weights, strict=True)) / sum(weights)
        activation = draft.candidate().activation
        given = {p.name: 0.3 if p.name.startswith("p") else beta for p in activation.parameters}
        np.testing.assert_allclose(values(activation, **given), reference, rtol=1e-9, atol=1e-12)


def test_tied_parameters_are_one_and_own_ones_are_not() -> None:
    rule = {"unary": ["beta*x"], "binary": ["beta*x1 + (1 - beta)*tanh(x2)"], "depth": 2}
    found = {}
    for tied in (False, True):
        for draft in space(core_unit={**rule, "tied": tied}).enumerate():
            candidate = draft.candidate()
            found[tied, draft.decisions["core_unit.2.inputs"]] = candidate.activation
            assert parse(candidate.writing).parameters == candidate.activation.parameters
    assert {len(e.parameters) for (tied, _), e in found.items() if not tied} == {6}
    assert {tuple(p.name for p in e.parameters) for (tied, _), e in found.items() if tied} == {("beta",)}
    for (tied, inputs), own in found.items():
        if not tied:
            all_alike = values(own, **{p.name: 0.6 for p in own.parameters})
            np.testing.assert_allclose(values(found[True, inputs], beta=0.6), all_alike, rtol=1e-12)


def test_fixed_parameters_stand_at_their_start() -> None:
    searched = unit_space(["p2[-0.25]*x + beta"], ["x1*x2"], parameters=["fixed", "scalar"])
    fixed, learned = (draft.candidate() for draft in searched.enumerate())
    assert fixed.activation.parameters == ()
    assert fixed.writing == "((-0.25)*x + 1)*((-0.25)*x + 1)"
    np.testing.assert_allclose(values(fixed.activation), (1 - X / 4) ** 2, rtol=1e-12)
    np.testing.assert_allclose(values(learned.activation), (1 - X / 4) ** 2, rtol=1e-12)
    assert len(learned.activation.parameters) == 4
    assert read("ramachandran", ["parameters=fixed", "tied=true"]).activation.core_unit is not None


def _nodes(node: Node) -> int:
    return 1 + sum(map(_nodes, node.args))


def _nests(node: Node, outer: str, inner: str, inside: bool = False) -> bool:
    if inside and node.op == inner:
        return True
    return any(_nests(a, outer, inner, inside or node.op == outer) for a in node.args)


FORMULAS = ["x", "exp(x)", "sin(x)", "cos(x) + x", "x*exp(-x)"]
TREES = {f: parse(f).form for f in FORMULAS}


def _put(formula: Node, part: Node) -> Node:
    if formula.op == "symbol":
        return part
    return Node(formula.op, tuple(_put(a, part) for a in formula.args), formula.value)


def test_limits_leave_out_what_is_too_large_or_nested_and_nothing_else() -> None:
    """Against trees put together by hand, node by node."""
    forbidden = [("exp", "sin"), ("exp", "exp"), ("sin", "cos")]
    nested = {"exp": ["sin", "exp"], "sin": ["cos"]}
    for most in (4, 7, 30):
        searched = space(
            shapes={"shapes": ["u(u(x))"], "unary": FORMULAS},
            limits={"complexity": most, "nested": nested},
        )
        expected = {
            (inner, outer)
            for inner, outer in product(FORMULAS, FORMULAS)
            if _nodes(tree := _put(TREES[outer], TREES[inner])) <= most
            and not any(_nests(tree, *pair) for pair in forbidden)
        }
        keys = ("shapes.1.unary", "shapes.unary")
        drafts = list(searched.enumerate())
        assert {tuple(d.decisions[k] for k in keys) for d in drafts} == expected
        assert len(drafts) == len(expected) == searched.size()
        chooser = RandomChooser(3)
        drawn = [searched.drawn(chooser) for _ in range(400)]
        assert {tuple(draft.decisions[k] for k in keys) for draft in drawn} == expected


def test_limits_weigh_an_inner_unit_wherever_it_stands() -> None:
    searched = unit_space(["x", "exp(x)"], ["x1*x2"], 2)
    limited = unit_space(["x", "exp(x)"], ["x1*x2"], 2)
    limited = SearchSpace(read_again(limited, complexity=9, nested={"exp": ["exp"]}))
    kept = []
    for draft in searched.enumerate():
        text = draft.writing
        nested = _nests(_raw(draft), "exp", "exp")
        if _nodes(_raw(draft)) <= 9 and not nested:
            kept.append(text)
    assert sorted(d.writing for d in limited.enumerate()) == sorted(kept)
    assert len(kept) == limited.size()


def read_again(searched: SearchSpace, **limits: Any) -> Any:
    from nas.spaces.reader import from_data

    data = searched.file.to_data()
    data["activation"]["limits"] = limits
    return from_data(data, "limited.toml")


def _raw(draft: Any) -> Node:
    """The tree as written, from the decisions."""
    units: dict[int, Node] = {}
    for level in (1, 2):
        uses = draft.decisions.get(f"core_unit.{level}.inputs", "x, x").split(", ")
        sides = []
        for side, use in enumerate(uses, start=1):
            formula = parse(str(draft.decisions[f"core_unit.{level}.unary{side}"])).form
            sides.append(_put(formula, units[1] if use == "inner" else Node("symbol", value="x")))
        units[level] = Node("mul", tuple(sides))
    return units[2]


def test_limits_that_leave_nothing_are_refused() -> None:
    with pytest.raises(SpaceError, match="leave nothing"):
        SearchSpace(read("yardstick", ["limits.complexity=2"]))
    assert SearchSpace(read("yardstick", ["complexity=3"])).size() == 5 * 2 * 2  # + - * max min of x and 1


def test_random_draws_are_uniform_over_writings() -> None:
    searched = space(
        shapes={
            "shapes": ["u(x)", "u(u(x))"],
            "unary": ["sin(x)", "beta*x", "exp(x)"],
            "parameters": ["channel", "scalar"],
        }
    )
    expected = {frozenset(draft.decisions.items()) for draft in searched.enumerate()}
    chooser = RandomChooser(12)
    drawn = Counter(frozenset(searched.drawn(chooser).decisions.items()) for _ in range(6000))
    assert drawn.keys() == expected
    assert len(expected) == searched.size() == 2 + 2 + 4 + 2 * 5
    for many in drawn.values():  # 6 standard deviations
        assert abs(many - 6000 / 18) < 6 * (6000 / 18) ** 0.5


def test_every_rank_is_a_writing_of_its_own() -> None:
    searched = SearchSpace(read("aquasurf_small"))
    chooser = RandomChooser(0)
    met = {searched.ranked(rank, chooser).writing for rank in range(0, 5103, 7)}  # type: ignore[union-attr]
    assert len(met) == 729
    with pytest.raises(IndexError):
        searched.ranked(5103, chooser)


@pytest.mark.parametrize("name", names())
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_every_space_proposes_what_reads_back(name: str, data: st.DataObject) -> None:
    searched = SearchSpace(read(name))
    try:
        candidate = searched.propose(Drawn(data))
    except UndefinedCandidate:
        return
    assert searched.candidate_from(candidate.decisions) == candidate
    ours, theirs = values(candidate.activation), values(parse(candidate.writing))
    both = np.isfinite(ours) & np.isfinite(theirs)
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-6, atol=1e-9)


def test_a_formula_of_ones_own_is_a_primitive() -> None:
    candidate = only(unit_space(["x/(1 + x^4)"], ["sqrt(x1^2 + x2^2)"]))
    reference = np.sqrt(2) * np.abs(X / (1 + X**4))
    np.testing.assert_allclose(values(candidate.activation), reference, rtol=1e-12)
