"""The spaces that come with nas hold exactly the primitives they claim."""

from __future__ import annotations

import inspect
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.spaces.formulas import UNARY, template
from nas.spaces.genotype import Call, Genotype, Input, Inside, X, build
from nas.spaces.library import read
from nas.spaces.schema import CoreUnit
from nas.spaces.space import SearchSpace
from nas.symbolic.numeric import evaluate
from tests.spaces import tables
from tests.spaces.drawing import Drawn
from tests.spaces.tables import Function

POINTS = np.array([-2.7, -1.31, -0.42, -0.013, 0.0173, 0.58, 1.23, 2.91])
BETA = 0.7


def core_unit(name: str) -> CoreUnit:
    unit = read(name).activation.core_unit
    assert unit is not None
    return unit


def call(function: Function, *arguments: Any, beta: float = BETA) -> Any:
    keywords = {"beta": beta} if "beta" in _names(function) else {}
    with np.errstate(all="ignore"):
        return function(*arguments, **keywords)


def _names(function: Function) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # NumPy's own functions
        return []


UNARY_ROWS = [
    pytest.param(name, place, function, id=f"{name}-{place}")
    for name, table in (("activations", tables.PAPER_UNARY), ("yardstick", tables.YARDSTICK_UNARY))
    for place, function in enumerate(table)
]
BINARY_ROWS = [
    pytest.param(name, place, function, id=f"{name}-{place}")
    for name, table in (("activations", tables.PAPER_BINARY), ("yardstick", tables.YARDSTICK_BINARY))
    for place, function in enumerate(table)
]


@pytest.mark.parametrize(("name", "place", "function"), UNARY_ROWS)
def test_unary_primitive_is_the_tables(name: str, place: int, function: Function) -> None:
    expression = template(core_unit(name).unary[place], UNARY)
    assert len(expression.parameters) == ("beta" in _names(function))
    values = {p.name: BETA for p in expression.parameters}
    np.testing.assert_allclose(evaluate(expression, POINTS, values), call(function, POINTS), rtol=1e-12)


@pytest.mark.parametrize(("name", "place", "function"), BINARY_ROWS)
def test_binary_primitive_is_the_tables(name: str, place: int, function: Function) -> None:
    parts = Call("sin(x)", (X,)), Call("x^3", (X,))
    expression = build(Call(core_unit(name).binary[place], parts), "channel")
    assert len(expression.parameters) == ("beta" in _names(function))
    values = {p.name: BETA for p in expression.parameters}
    reference = call(function, np.sin(POINTS), POINTS**3)
    np.testing.assert_allclose(evaluate(expression, POINTS, values), reference, rtol=1e-11)


def test_tables_are_complete() -> None:
    paper, yardstick = core_unit("activations"), core_unit("yardstick")
    assert (len(paper.unary), len(paper.binary)) == (25, 10)
    assert (len(yardstick.unary), len(yardstick.binary)) == (23, 8)
    assert (paper.depth, yardstick.depth) == ((1, 2), (1,))


def test_sizes_are_the_papers() -> None:
    assert SearchSpace(read("yardstick")).size() == 23 * 23 * 8
    one_scope = ["core_unit.parameters=channel", "smooth_max.parameters=scalar"]
    pieces = len(read("activations").activation.smooth_max.pieces)  # type: ignore[union-attr]
    assert SearchSpace(read("activations", ["depth=1", *one_scope])).size() == 25 * 25 * 10 + pieces
    # depth 1 without a parameter: 22 unary, 7 binary; the others once for each scope
    plain = 22 * 22 * 7
    assert SearchSpace(read("activations", ["depth=1"])).size() == 6250 + (6250 - plain) + 2 * pieces


def test_acon_family_is_in_the_space() -> None:
    space = SearchSpace(read("activations"))
    found = {}
    for pieces in ("x, 0", "x, p*x", "p1*x, p2*x"):
        decisions = {
            "activation.production": "smooth_max",
            "smooth_max.pieces": pieces,
            "smooth_max.scope": "scalar",
        }
        found[pieces] = space.candidate_from(decisions).activation
    sigma = 1 / (1 + np.exp(-POINTS))
    np.testing.assert_allclose(evaluate(found["x, 0"], POINTS), POINTS * sigma, rtol=1e-12)
    b, p = 1.7, 0.3
    reference = (1 - p) * POINTS / (1 + np.exp(-b * (1 - p) * POINTS)) + p * POINTS
    np.testing.assert_allclose(evaluate(found["x, p*x"], POINTS, {"beta": b, "p": p}), reference, rtol=1e-12)
    starts = {q.name: (q.scope, q.start) for q in found["p1*x, p2*x"].parameters}
    assert starts == {"beta": ("scalar", 1.0), "p1": ("scalar", 1.0), "p2": ("scalar", 0.0)}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_candidates_compute_what_their_decisions_say(data: st.DataObject) -> None:
    """b(u1(.), u2(.)) by the NumPy tables, every beta at its start of 1, where float64 can tell."""
    space = SearchSpace(read("activations", ["core_unit.depth=2"]))
    draft = space.draft(Drawn(data))
    if draft.decisions["activation.production"] != "core_unit":
        return
    x = np.linspace(-1.45, 1.4, 24)
    reference, nearby = (_interpret(draft.genotype, points) for points in (x, x * (1 + 1e-12)))
    with np.errstate(invalid="ignore"):
        firm = np.isfinite(reference) & (np.abs(reference - nearby) <= 1e-8 * (1 + np.abs(reference)))
    value = evaluate(draft.candidate().activation, x)
    np.testing.assert_allclose(value[firm], reference[firm], rtol=1e-6, atol=1e-6)


def _interpret(genotype: Genotype, x: Any) -> Any:
    table = core_unit("activations")
    if isinstance(genotype, Input):
        return x
    if isinstance(genotype, Inside):
        return _interpret(genotype.outer, _interpret(genotype.inner, x))
    parts = [_interpret(part, x) for part in genotype.parts]
    formulas, functions = (table.unary, tables.PAPER_UNARY), (table.binary, tables.PAPER_BINARY)
    names, rows = formulas if len(parts) == 1 else functions
    return call(rows[names.index(genotype.formula)], *parts, beta=1.0)


@pytest.mark.slow
def test_every_pair_of_the_yardstick_has_a_function() -> None:
    """One candidate of every 23; the walk of the whole space is the search's business."""
    drafts = list(SearchSpace(read("yardstick")).enumerate())
    choices = product(tables.YARDSTICK_UNARY, tables.YARDSTICK_UNARY, tables.YARDSTICK_BINARY)
    x = np.array([-1.21, -0.33, 0.47, 1.6])
    for draft, (u, v, b) in list(zip(drafts, choices, strict=True))[::23]:
        value = evaluate(draft.candidate().activation, x)
        reference = call(b, call(u, x), call(v, x))
        np.testing.assert_allclose(value, reference, rtol=1e-7, atol=1e-9, err_msg=draft.writing)
