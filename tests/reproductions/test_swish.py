"""The claims about Swish: their rows, and what made-up figures say of each."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from nas.analysis.comparison import Member
from nas.outcomes import Outcome
from nas.reproductions import swish
from nas.reproductions.claims import DISCOVERED, FUNCTIONS, VERSUS
from nas.reproductions.discovery import Trained
from nas.reproductions.verdicts import Finding, Verdict
from nas.runs.records import TrialRecord
from nas.spaces import library
from nas.spaces.space import SearchSpace
from nas.symbolic.fingerprint import same_function
from nas.symbolic.parse import parse

N = 60
DIVISION = {"core_unit.1.binary": "x1/(x2 + 1e-7)", "core_unit.1.unary1": "tanh(x)"}
RAW = {"core_unit.1.binary": "x1*x2", "core_unit.1.unary1": "tanh(x)", "core_unit.1.unary2": "x"}


def member(label: str, mean: float) -> Member:
    noise = (0.0003, -0.0002, 0.0001, -0.0002)
    accs = tuple(mean + (1 + len(label) % 3) * unit for unit in noise)
    return Member(label, TrialRecord(0, "x", None, 1, "own", Outcome.FINISHED, val_accs=accs))


def as_in_the_paper() -> list[Member]:
    entered = [member(f.name, f.accuracy / 100) for f in FUNCTIONS.values()]
    return [*entered, member("best found", 0.95)]


def searched(texts: list[str]) -> Trained:
    """The first is the best."""
    return Trained.of(
        [
            TrialRecord(n, text, None, 3 + n // 10, "sampler", Outcome.FINISHED, val_accs=(0.7 - 0.001 * n,))
            for n, text in enumerate(texts)
        ]
    )


def found(trained: Trained, decisions: swish.Decisions, entered: list[Member]) -> dict[str, Finding]:
    return {f.claim.name: f for f in swish.findings(trained, entered, decisions)}


def test_figures_like_the_paper_s_support_it() -> None:
    trained = searched(["x*sigmoid(beta[channel]*x)", *(f"sin(x) + {i}*x" for i in range(1, N))])
    decisions = {n: RAW if n < 6 else DIVISION if n > 40 else {} for n in range(N)}
    findings = found(trained, decisions, as_in_the_paper())
    assert {f.claim.name for f in findings.values()} >= {"family found", "order", "Swish > ReLU"}
    for name in ("family found", "family ranked", "order", "simple", "raw x", "division", "periodic"):
        assert findings[name].verdict is Verdict.SUPPORTED, name
    assert findings["Swish > ReLU"].verdict is Verdict.SUPPORTED
    assert findings["ReLU > x asinh^2"].verdict is Verdict.SUPPORTED
    assert findings["Swish > Softplus"].effect == pytest.approx(-0.001)  # the table has it so
    assert findings["order"].effect == pytest.approx(1)


def test_the_opposite_refutes_it() -> None:
    trained = searched([f"tanh(x) + {i}*x" for i in range(1, N)] + ["x*sigmoid(x)"])
    trained = Trained(
        tuple(
            TrialRecord(
                r.number, r.expression, None, 20 - r.complexity, "sampler", r.outcome, val_accs=r.val_accs
            )
            for r in trained.records
        )
    )
    decisions = {n: DIVISION if n < 12 else RAW for n in range(N)}
    entered = [member(f.name, 1 - f.accuracy / 100) for f in FUNCTIONS.values()]
    findings = found(trained, decisions, entered)
    assert findings["family found"].verdict is Verdict.SUPPORTED  # it was met, though last
    for name in ("family ranked", "order", "simple", "raw x", "division", "periodic", "Swish > ReLU"):
        assert findings[name].verdict is Verdict.NOT_SUPPORTED, name
    assert "best found > ReLU" not in findings  # nothing was entered


def test_a_search_that_met_nothing_cannot_tell() -> None:
    findings = found(searched(["tanh(x)", "abs(x)", "max(x, 0)"]), {}, as_in_the_paper())
    for name in ("family found", "family ranked", "raw x", "division", "simple"):
        assert findings[name].verdict is Verdict.CANNOT_TELL, name


def test_a_search_that_trained_nothing_cannot_tell() -> None:
    findings = found(Trained(()), {}, as_in_the_paper())
    for name in ("family found", "family ranked", "raw x", "division", "simple", "periodic"):
        assert findings[name].verdict is Verdict.CANNOT_TELL, name


def test_rank_correlation_against_every_order() -> None:
    a, b = [94.5, 94.3, 94.1, 93.9, 93.9], [0.61, 0.63, 0.58, 0.60, 0.55]
    rho, p = swish._spearman(a, b)
    assert rho == pytest.approx(stats.spearmanr(a, b).statistic)
    every = [abs(stats.spearmanr(a, list(order)).statistic) for order in permutations(b)]
    assert p == pytest.approx(np.mean([one >= abs(rho) - 1e-9 for one in every]))


def test_what_is_compared() -> None:
    trained = searched(["tanh(x)", "abs(x)", "x^2", "x^3"])
    labels = swish.candidates(trained)
    assert [expression for _, expression in labels[-3:]] == ["tanh(x)", "abs(x)", "x^2"]
    assert labels[-3][0] == "best found"
    known = {label for label, _ in labels}
    assert {name for claim in VERSUS for name in (claim.better, claim.worse)} <= known
    functions = [parse(expression) for _, expression in labels[: len(FUNCTIONS)]]
    assert not any(same_function(f, g) for i, f in enumerate(functions) for g in functions[:i])


def test_what_one_core_unit_can_write_is_in_the_space() -> None:
    space = SearchSpace(library.read(swish.SPACE, [swish.DEPTH]))
    one_unit = {f.expression for f in DISCOVERED if f.units == 1}
    drafts = {
        text: space.candidate_from(
            {"core_unit.1.unary1": u1, "core_unit.1.unary2": u2, "core_unit.1.binary": b}
        )
        for text, u1, u2, b in [
            ("x*sigmoid(beta*x)", "beta*x", "x", "sigmoid(x1)*x2"),
            ("max(x, sigmoid(x))", "x", "sigmoid(x)", "max(x1, x2)"),
            ("cos(x) - x", "cos(x)", "x", "x1 - x2"),
            ("min(x, sin(x))", "x", "sin(x)", "min(x1, x2)"),
            ("max(x, tanh(x))", "x", "tanh(x)", "max(x1, x2)"),
            ("sinc(x) + x", "sinc(x)", "x", "x1 + x2"),
        ]
    }
    assert set(drafts) == one_unit
    for text, candidate in drafts.items():
        assert same_function(candidate.activation, parse(text))


def test_swish_is_not_named_to_the_search() -> None:
    assert swish.BASELINES == ("relu",)
