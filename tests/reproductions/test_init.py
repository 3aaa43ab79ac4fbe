"""The claims about inits: their rows, and what made-up figures say of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nas.cli.tuning import _factor
from nas.initialization.apply import gain_of
from nas.protocol import Protocol
from nas.references import REFERENCES
from nas.reproductions import init
from nas.reproductions.entrants import Guessing, Trained, Tuned
from nas.reproductions.verdicts import Finding, Verdict
from nas.rows.init_text import read
from nas.symbolic.parse import parse

GUESSING = Guessing.under(Protocol(data="digits", val_size=360))
AS_DERIVED = {signal.claim.name: signal.factor for signal in init.SIGNALS}


def all_trained(learned: dict[str, float]) -> list[Trained]:
    noise = (0.002, -0.001, 0.0, -0.001)
    return [
        Trained(
            Tuned(one, ((0.1, None),), 0.1),
            tuple(learned[one.label] + (1 + place % 3) * n for n in noise)
            if one.label in learned
            else (None,) * 4,
            GUESSING,
        )
        for place, one in enumerate(init.entrants())
    ]


def found(learned: dict[str, float], factors: dict[str, float] | None = None) -> dict[str, Finding]:
    return {f.claim.name: f for f in init.findings(all_trained(learned), factors or AS_DERIVED)}


def test_where_he_trains_and_glorot_stalls() -> None:
    findings = found({"ReLU He": 0.9, "tanh Glorot": 0.8, "small tanh own": 0.9, "small tanh He": 0.7})
    assert findings["ReLU He > Glorot"].verdict is Verdict.SUPPORTED
    assert findings["ReLU He > Glorot"].effect == pytest.approx(0.8)
    assert findings["tanh Glorot > default"].verdict is Verdict.SUPPORTED
    assert findings["tanh orthogonal > Glorot"].verdict is Verdict.NOT_SUPPORTED
    assert findings["small tanh own > He"].verdict is Verdict.SUPPORTED
    assert findings["GELU own > He"].verdict is Verdict.CANNOT_TELL
    assert findings["GELU own > He"].here == "neither learned"


def test_the_gains_of_the_papers_fall_out() -> None:
    findings = found({})
    assert findings["ReLU: own is He's"].here == f"{math.sqrt(2):.6g}"
    assert findings["x: own is Glorot's"].here == "1"
    for name in ("ReLU: own is He's", "x: own is Glorot's", *AS_DERIVED):
        assert findings[name].verdict is Verdict.SUPPORTED
    off = {name: 1.12 * factor for name, factor in AS_DERIVED.items()}
    assert {found({}, off)[name].verdict for name in AS_DERIVED} == {Verdict.NOT_SUPPORTED}


@pytest.mark.parametrize("signal", init.SIGNALS, ids=lambda signal: signal.claim.name)
def test_the_measured_factor_is_the_derived_one(signal: init.Signal) -> None:
    assert _factor(signal) == pytest.approx(signal.factor, rel=0.05)


def test_twins_are_left_out() -> None:
    """By gain: with square layers the fans say nothing more."""
    found = [
        (
            activation,
            net,
            init.INITS[name],
            round(gain_of(read(init.INITS[name]).law, parse(init.ACTIVATIONS[activation])), 9),
        )
        for net, activations in init.CANDIDATES.items()
        for activation, names in activations.items()
        for name in names
    ]
    normal = [(a, net, gain) for a, net, text, gain in found if text in ("glorot_normal", "he_normal", "own")]
    assert len(set(normal)) == len(normal)
    assert len({net for _, net, _, _ in found}) == 3
    assert len(init.entrants()) == len(found)


def test_sources_are_rows() -> None:
    assert {claim.family for claim in init.CLAIMS} <= set(REFERENCES)
    assert np.all([signal.factor > 0 for signal in init.SIGNALS])
