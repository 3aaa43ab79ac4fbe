"""What the count merges is equal, what it keeps apart different: random cases in 80-digit arithmetic."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.spatial import cKDTree

from nas.spaces.candidate import Draft
from nas.spaces.counting.count import distinct
from nas.spaces.counting.evaluator import Evaluator
from nas.spaces.counting.signatures import POINTS, signatures
from nas.spaces.counting.sketch import Sketch
from nas.spaces.decisions import RandomChooser
from nas.spaces.formulas import template, variables
from nas.spaces.genotype import Call, Genotype, Input, Inside
from nas.spaces.grammar import Production
from nas.spaces.library import read
from nas.spaces.rules import Apply, Rule, Within
from nas.spaces.space import SearchSpace
from nas.spaces.weights import Limits
from nas.symbolic.form import Node
from nas.symbolic.primitives import PRIMITIVES

CASES = 500
#: numbers of the test's own, dense near 0
OFF_GRID = [-2.71, -0.913, -0.217, 0.0119, 0.552, 3.91]


@pytest.fixture(scope="module")
def searched() -> SearchSpace:
    return SearchSpace(read("aquasurf_large"))


@pytest.fixture(scope="module")
def classes(searched: SearchSpace) -> Sketch:
    return distinct(searched)


class Beyond(Exception):
    """A number too large even for mpmath."""


def exact(genotype: Genotype, x: Any) -> Any:
    """The writing at x, formula by formula as it stands, in 80 digits."""
    if isinstance(genotype, Input):
        return x
    assert isinstance(genotype, Call)
    parts = [exact(part, x) for part in genotype.parts]
    names = variables(len(parts))
    return _node(template(genotype.formula, names).form, dict(zip(names, parts, strict=True)))


def _node(node: Node, known: dict[str, Any]) -> Any:
    if node.op == "symbol":
        return known[node.value]
    if node.op == "number":
        return mpmath.mpf(node.value.p) / node.value.q
    arguments = [_node(a, known) for a in node.args]
    if any(mpmath.isnan(a) for a in arguments):
        return mpmath.nan
    if (
        node.op not in ("add", "sub", "mul", "div", "neg", "max", "min", "abs")
        and max(map(abs, arguments)) > 1e6
    ):
        raise Beyond
    return PRIMITIVES[node.op].mpmath(*arguments)


def differ(a: Genotype, b: Genotype, points: Any) -> bool:
    """Whether two writings have different values somewhere."""
    with mpmath.workdps(80):
        for x in points:
            try:
                one, other = exact(a, mpmath.mpf(float(x))), exact(b, mpmath.mpf(float(x)))
            except (Beyond, OverflowError):
                continue
            if mpmath.isnan(one) != mpmath.isnan(other):
                return True
            scale = max(abs(one), abs(other), mpmath.mpf(10) ** -40)
            if not mpmath.isnan(one) and abs(one - other) > scale * mpmath.mpf(10) ** -60:
                return True
    return False


def as_rule(genotype: Genotype) -> Rule:
    """The rule that writes this and nothing else."""
    if isinstance(genotype, Inside):
        return Within(as_rule(genotype.outer), as_rule(genotype.inner))
    if isinstance(genotype, Call):
        return Apply("", (genotype.formula,), tuple(map(as_rule, genotype.parts)))
    return genotype


def signature(genotype: Genotype) -> int:
    alone = Production("alone", as_rule(genotype), ("channel",), False)
    evaluator = Evaluator(alone, False, Limits(), True, 1e6)
    return int(signatures(evaluator.table(alone.rule, evaluator.x).values)[0][0])


def first_writing(searched: SearchSpace, classes: Sketch, place: int) -> Draft:
    draft = searched.ranked(int(classes.ranks[place]), RandomChooser(0))
    assert draft is not None
    return draft


@pytest.mark.slow
def test_what_is_merged_is_equal(searched: SearchSpace, classes: Sketch) -> None:
    chooser = RandomChooser(2023)
    merges, strays, wrong = 0, 0, []
    while merges < CASES:
        drawn = searched.drawn(chooser)
        mine = signature(drawn.genotype)
        place = int(np.searchsorted(classes.hashes, np.uint64(mine)))
        if place == len(classes.hashes) or int(classes.hashes[place]) != mine:
            strays += 1  # rounded the other way than the writing that stands for a part of it
            continue
        first = first_writing(searched, classes, place)
        if first.genotype != drawn.genotype:
            merges += 1
            if differ(drawn.genotype, first.genotype, OFF_GRID):
                wrong.append((drawn.writing, first.writing))
    assert strays <= CASES // 100
    assert wrong == []


@pytest.mark.slow
def test_what_is_not_merged_is_different(searched: SearchSpace, classes: Sketch) -> None:
    """Random pairs, and random functions with the nearest other one."""
    random = np.random.default_rng(2023)
    pairs = [tuple(random.choice(len(classes.ranks), 2, replace=False)) for _ in range(CASES // 2)]
    near = neighbors(searched, classes, random.choice(len(classes.ranks), CASES // 2, replace=False))
    equal = []
    for one, other in [*pairs, *near]:
        drafts = [first_writing(searched, classes, int(place)) for place in (one, other)]
        if not differ(drafts[0].genotype, drafts[1].genotype, [*OFF_GRID, *POINTS]):
            equal.append([draft.writing for draft in drafts])
    assert equal == []


def neighbors(searched: SearchSpace, classes: Sketch, chosen: Any) -> list[tuple[int, int]]:
    """Each of `chosen` with the class whose values at some of the points are nearest."""
    (production,) = searched.productions
    evaluator = Evaluator(production, False, searched.limits, True, 1e9)
    seen = np.zeros((len(classes.hashes), 12))
    for task in evaluator.tasks(evaluator.rule, evaluator.x):
        for table in task:
            places = np.searchsorted(classes.hashes, signatures(table.values)[0])
            seen[places] = table.values[:, 0, ::4]
    seen = np.arcsinh(np.nan_to_num(seen, nan=1e308, posinf=1e300, neginf=-1e300))
    _, nearest = cKDTree(seen).query(seen[chosen], k=2)
    return [(int(a), int(n[n != a][0])) for a, n in zip(chosen, nearest, strict=True)]
