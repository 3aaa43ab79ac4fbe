"""The search that found Swish, again: what is trained, and what its figures say of the paper's claims.

The sampler is TPE, the one that `nas search` has by default. The choice was made before any result: under
random draws the number of trainings until Swish is met depends on no score, so its distribution is known
without a search (`chance`); it is a finding only where the scores lead there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from scipy import stats

from nas.analysis.comparison import Member
from nas.reproductions import claims
from nas.reproductions.claims import DISCOVERED, FUNCTIONS, RELU, SWISH, TOP_SHARE, VERSUS
from nas.reproductions.compared import Scores, contrasted
from nas.reproductions.discovery import Met, Trained
from nas.reproductions.verdicts import Claim, Finding, Verdict, settle
from nas.symbolic.parse import parse

NAME = "swish"
SPACE, DEPTH = "ramachandran", "activation.core_unit.depth=1"
SAMPLER = "tpe"
TOP = 3  #: of the search, in the comparison
BASELINES = (RELU.lower(),)  #: of the search: Swish is not among them

#: different functions of the space that are trained and not screened, and those of the Swish family
TRAINABLE, FAMILY = 3563, 9

_EXACT_UP_TO = 8  #: functions whose orders are all gone through
_DIVISION = "x1/(x2 + 1e-7)"
_RAW = ("x", "-x")
_BEST = 10

Decisions = Mapping[int, Mapping[str, Any]]


def candidates(trained: Trained) -> list[tuple[str, str]]:
    """(label, expression) of the comparison: the paper's functions, and the best that the search found."""
    found = [r.expression for r in trained.finished[:TOP]]
    labels = [claims.BEST_FOUND, *(f"found {place}" for place in range(2, TOP + 1))]
    return [(f.name, f.expression) for f in FUNCTIONS.values()] + list(zip(labels, found, strict=False))


def named(trained: Trained) -> list[Met]:
    """The Swish family first, then the paper's other functions that one core unit can write."""
    others = [f for f in DISCOVERED if f.units == 1 and f.name != SWISH]
    return [trained.met_swish(SWISH), *(trained.met_function(f.name, f.expression) for f in others)]


def findings(trained: Trained, members: Sequence[Member], decisions: Decisions) -> list[Finding]:
    """Every claim with its verdict. `decisions`: what was chosen for each trial, by its number."""
    scores = {member.label: Scores.of(member) for member in members}
    return settle(
        [
            *_met(trained),
            *contrasted(VERSUS, scores),
            _order(claims.ORDER, scores, [f.name for f in DISCOVERED]),
            _order(claims.ORDER_ALL, scores, list(FUNCTIONS)),
            _simple(trained),
            _raw(trained, decisions),
            _division(trained, decisions),
            _periodic(trained),
        ]
    )


def _met(trained: Trained) -> list[Finding]:
    family = trained.met_swish(SWISH)
    if family.trainings is None or family.rank is None:
        none = f"not in {len(trained)}"
        return [Finding(claims.FOUND, none), Finding(claims.RANKED, none)]
    share = family.rank / len(trained)
    verdict = (
        Verdict.SUPPORTED
        if share <= TOP_SHARE
        else Verdict.NOT_SUPPORTED
        if share > 0.5
        else Verdict.CANNOT_TELL
    )
    return [
        Finding(claims.FOUND, f"after {family.trainings} trainings", verdict=Verdict.SUPPORTED),
        Finding(claims.RANKED, f"{family.rank} of {len(trained)}", verdict=verdict),
    ]


def _order(claim: Claim, scores: Mapping[str, Scores], names: Sequence[str]) -> Finding:
    """Functions that could not be trained share the last place."""
    paper = [FUNCTIONS[name].accuracy for name in names]
    here = [fmean(scores[name].val_accs or (-1.0,)) for name in names]
    if len(set(here)) < 2:
        return Finding(claim, "all are the same")
    rho, p = _spearman(paper, here)
    return Finding(claim, f"rho {rho:+.2f}, n = {len(names)}", rho, p)


def _spearman(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """Rank correlation and its two-sided p: exact over all orders for few, by Student's t for many."""
    found = stats.spearmanr(a, b)
    rho = float(found.statistic)
    if len(a) > _EXACT_UP_TO:
        return rho, float(found.pvalue)
    ranks_a, ranks_b = (stats.rankdata(values) - (len(a) + 1) / 2 for values in (a, b))
    orders = np.array(list(itertools.permutations(ranks_b)))
    products = np.abs(orders @ ranks_a)
    return rho, float(np.mean(products >= abs(ranks_a @ ranks_b) - 1e-9))


def _simple(trained: Trained) -> Finding:
    ranks = [trained.rank(r) for r in trained.records]
    sizes = [r.complexity for r in trained.records]
    if len(set(ranks)) < 3 or len(set(sizes)) < 2:
        return Finding(claims.SIMPLE, "too few trained")
    rho, p = (float(part) for part in stats.spearmanr(sizes, ranks))
    return Finding(claims.SIMPLE, f"rho {rho:+.2f}, n = {len(ranks)}", rho, p)


def _raw(trained: Trained, decisions: Decisions) -> Finding:
    """A bare x as an input of the binary operator."""
    top, rest = _split([_is_raw(decisions.get(r.number, {})) for r in trained.ranked])
    if not top or not rest:
        return Finding(claims.RAW, "too few trained")
    shares = [sum(part) / len(part) for part in (top, rest)]
    table = [[sum(part), len(part) - sum(part)] for part in (top, rest)]
    p = float(stats.fisher_exact(table).pvalue)
    return Finding(claims.RAW, f"top {shares[0]:.0%}, rest {shares[1]:.0%}", shares[0] - shares[1], p)


def _is_raw(decided: Mapping[str, Any]) -> bool:
    return any(decided.get(f"core_unit.1.unary{side}") in _RAW for side in (1, 2))


def _split(ordered: Sequence[bool]) -> tuple[Sequence[bool], Sequence[bool]]:
    """The best ones and the rest."""
    top = math.ceil(TOP_SHARE * len(ordered))
    return ordered[:top], ordered[top:]


def _division(trained: Trained, decisions: Decisions) -> Finding:
    divides = [decisions.get(r.number, {}).get("core_unit.1.binary") == _DIVISION for r in trained.records]
    ranks = [trained.rank(r) for r in trained.records]
    groups = [[rank for rank, d in zip(ranks, divides, strict=True) if d is which] for which in (True, False)]
    if not all(groups):
        return Finding(claims.DIVISION, "none was trained")
    found = stats.mannwhitneyu(*groups)
    worse = float(found.statistic) / (len(groups[0]) * len(groups[1]))  #: P(a division ranks behind another)
    return Finding(
        claims.DIVISION, f"behind {worse:.0%}, n = {len(groups[0])}", worse - 0.5, float(found.pvalue)
    )


def _periodic(trained: Trained) -> Finding:
    periodic = [_is_periodic(r.expression) for r in trained.ranked]
    if not periodic:
        return Finding(claims.PERIODIC, "too few trained")
    top, _ = _split(periodic)
    if any(periodic[:_BEST]):
        verdict = Verdict.SUPPORTED
    else:
        verdict = Verdict.CANNOT_TELL if any(top) else Verdict.NOT_SUPPORTED
    return Finding(
        claims.PERIODIC,
        f"{sum(periodic[:_BEST])} of the best {_BEST}",
        verdict=verdict,
    )


def _is_periodic(text: str) -> bool:
    return any(node.op in ("sin", "cos") for node in parse(text).form.walk())
