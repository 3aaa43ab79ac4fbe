"""What figures say of a claim, by rules that are stated before there are figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from nas.analysis.correction import LEVEL, holm
from nas.analysis.paired import Paired

MARGIN = 0.001  #: two accuracies that differ by less are equal in practice; `nas compare` has the same


class Verdict(StrEnum):
    """What a claim comes to here."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    CANNOT_TELL = "cannot tell at this scale"


@dataclass(frozen=True)
class Claim:
    """What a paper says, and what will be taken for support of it."""

    name: str
    says: str
    paper: str  #: the paper's own figure
    where: str  #: table or section
    rule: str
    family: str = ""  #: claims whose p values are corrected together; empty: there is no p
    better: str = ""  #: labels of the two functions, where the claim is about a difference
    worse: str = ""


@dataclass(frozen=True)
class Finding:
    """A claim beside what was found here."""

    claim: Claim
    here: str
    effect: float | None = None  #: above 0 in the direction of the claim
    p: float | None = None  #: two-sided
    p_holm: float | None = None  #: corrected over the claims of the family
    paired: Paired | None = None  #: where the claim is about a difference
    verdict: Verdict = Verdict.CANNOT_TELL


#: what `settle` does, in words
DIFFERENCE = (
    f"supported: the mean difference has the claim's sign and p < {LEVEL:g} (paired t test, Holm over the "
    f"claims of the same table); not supported: the other sign so, or within {100 * MARGIN:g} points with "
    f"probability above {1 - LEVEL:g}; else cannot tell, also where one of the two could not be trained "
    "under every seed"
)
ASSOCIATION = (
    f"supported: the claim's sign and p < {LEVEL:g} (Holm over the claims of the same kind); "
    "not supported: the other sign so; else cannot tell"
)


def settle(findings: Sequence[Finding]) -> list[Finding]:
    """Correct the p values of each family, then judge what has an effect; what has none keeps its verdict."""
    adjusted: dict[str, float | None] = {}
    for family in dict.fromkeys(f.claim.family for f in findings if f.claim.family):
        tested = [f for f in findings if f.claim.family == family]
        adjusted |= zip((f.claim.name for f in tested), holm([f.p for f in tested]), strict=True)
    corrected = [replace(f, p_holm=adjusted.get(f.claim.name)) for f in findings]
    return [f if f.effect is None else replace(f, verdict=_judged(f)) for f in corrected]


def _judged(found: Finding) -> Verdict:
    assert found.effect is not None
    if found.p_holm is not None and found.p_holm < LEVEL:
        return Verdict.SUPPORTED if found.effect > 0 else Verdict.NOT_SUPPORTED
    equivalence = None if found.paired is None else found.paired.equivalence(MARGIN)
    if equivalence is not None and equivalence > 1 - LEVEL:
        return Verdict.NOT_SUPPORTED
    return Verdict.CANNOT_TELL
