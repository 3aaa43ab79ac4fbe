"""The pairs of hard and soft functions."""

from __future__ import annotations

import numpy as np
import pytest

from nas.reproductions import acon
from nas.symbolic.fingerprint import same_function
from nas.symbolic.naming import name_of
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse

CANDIDATES = dict(acon.candidates())


@pytest.mark.parametrize(
    ("label", "name"),
    [
        *((name, name) for name in ("ReLU", "Swish", "leaky ReLU", "PReLU", "ACON-B", "ACON-C")),
        *((name, name) for name in ("maxtanh", "maxsig")),
        ("|x|", "absolute value"),
    ],
)
def test_labels_are_what_they_say(label: str, name: str) -> None:
    assert name_of(parse(CANDIDATES[label])) == name


def test_each_soft_one_comes_near_its_hard_one() -> None:
    """S_beta goes to the maximum as beta grows."""
    x = np.linspace(-2.9, 3.1, 31)
    soft_claims = [claim for claim in acon.CLAIMS if claim.family == "soft"]
    assert len(soft_claims) == len(CANDIDATES) // 2
    for claim in soft_claims:
        soft, hard = parse(CANDIDATES[claim.better]), parse(CANDIDATES[claim.worse])
        others = {p.name: 0.3 * n for n, p in enumerate(hard.parameters, start=1)}
        near = [
            np.abs(evaluate(soft, x, {**others, "beta": beta}) - evaluate(hard, x, others)).max()
            for beta in (1.0, 10.0, 1000.0)
        ]
        assert near[0] > near[1] > near[2], claim.name
        assert near[2] < 1e-3, claim.name


def test_every_claim_is_about_what_is_trained() -> None:
    labels = {*CANDIDATES, acon.META}
    assert {label for claim in acon.CLAIMS for label in (claim.better, claim.worse)} == labels
    assert same_function(parse(acon.META_EXPRESSION), parse(CANDIDATES["ACON-C"]))
