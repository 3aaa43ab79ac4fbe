"""The claims about update rules: their rows, and what made-up figures say of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nas.protocol import Protocol
from nas.references import REFERENCES
from nas.reproductions import optimizers
from nas.reproductions.entrants import Guessing, Trained, Tuned
from nas.reproductions.verdicts import Finding, Verdict
from nas.rules.members import recognized
from nas.rules.rule import read

YES, NO, OPEN = Verdict.SUPPORTED, Verdict.NOT_SUPPORTED, Verdict.CANNOT_TELL
GUESSING = Guessing.under(Protocol(data="digits", val_size=360))
NOISE = (0.001, -0.001, 0.0005, -0.0005)
RATES = (1e-3, 1e-2, 1e-1)


def found(means: Mapping[str, float], off: float = 0.1, noise: float = 1.0) -> dict[str, Finding]:
    """Rules of these accuracies at their best rate, the middle one; `off` less beside it."""
    rules = [
        Trained(
            Tuned(one, tuple(zip(RATES, (mean - off, mean, mean - off), strict=True)), RATES[1]),
            tuple(mean + noise * (1 + place / 4) * n for n in NOISE),
            GUESSING,
        )
        for place, one in enumerate(optimizers.entrants())
        for mean in [means.get(one.label, 0.8)]
    ]
    return {f.claim.name: f for f in optimizers.findings(rules)}


def test_rules_are_what_their_labels_say() -> None:
    texts = {one.label: str(one.settings["optimizer"]) for one in optimizers.entrants()}
    for name in optimizers.FOUND:
        member = recognized(read(texts[name]))
        assert member is not None
        assert member.member.title == name
    assert {claim.family for claim in optimizers.CLAIMS} <= set(REFERENCES)


def test_differences() -> None:
    findings = found({"PowerSign": 0.9, "Nesterov": 0.85, "Adam": 0.7})
    assert findings["PowerSign > Nesterov"].verdict is YES
    assert findings["AddSign > Nesterov"].verdict is NO
    assert findings["AdamW > PowerSign"].verdict is NO
    assert findings["Nesterov > Adam"].verdict is YES
    assert findings["PowerSign > Nesterov"].p_holm is not None


@pytest.mark.parametrize(
    ("lion", "noise", "verdict"),
    [(0.802, 0.1, YES), (0.7, 1.0, YES), (0.83, 1.0, NO), (0.805, 1.0, OPEN), (0.802, 5.0, OPEN)],
)
def test_next_to_none(lion: float, noise: float, verdict: Verdict) -> None:
    """A gain of half a point and more is one; a loss is none."""
    assert found({"Lion": lion}, noise=noise)["Lion gains next to none"].verdict is verdict


@pytest.mark.parametrize(("off", "verdict"), [(0.1, YES), (0.03, OPEN), (0.01, NO)])
def test_what_a_step_of_the_rate_costs(off: float, verdict: Verdict) -> None:
    means = {"Lion": 0.7}  # of eight rules: a standard deviation of 0.0354
    finding = found(means, off)["lr weighs as the rule"]
    assert finding.verdict is verdict
    assert finding.here == f"{100 * off:.2f} : 3.54 points"
