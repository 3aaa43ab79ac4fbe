"""The smooth maximum against what it smooths; ACON-C and Meta-ACON against Swish and ReLU (Ma et al. 2021).

S_beta(g, h) = (g - h) sigmoid(beta (g - h)) + h lies between the mean of g and h and their maximum. The
paper's figures are of ImageNet: by how many points the top-1 error falls with ShuffleNetV2 0.5x and with
ResNet-50.
"""

from __future__ import annotations

from collections.abc import Sequence

from nas.analysis.comparison import Member
from nas.reproductions.compared import Scores, contrasted, versus
from nas.reproductions.verdicts import Claim, Finding, settle
from nas.symbolic.parse import parse
from nas.symbolic.smooth_max import smooth_maximum

NAME, SOURCE = "acon", "Ma2021"

RELU, SWISH, ACON_C, META = "ReLU", "Swish", "ACON-C", "Meta-ACON"

#: hard functions, each the maximum of pieces, and the S_beta of the same pieces: label, pieces
_PAIRS: tuple[tuple[tuple[str, str], tuple[str, ...]], ...] = (
    ((RELU, SWISH), ("x", "0")),
    (("leaky ReLU", "S(x, x/100)"), ("x", "x/100")),
    (("PReLU", "ACON-B"), ("x", "p*x")),
    (("maxout", ACON_C), ("p1*x", "p2*x")),
    (("|x|", "S(x, -x)"), ("x", "-x")),
    (("maxtanh", "S(x, tanh)"), ("x", "tanh(x)")),
    (("maxsig", "S(x, sigmoid)"), ("x", "sigmoid(x)")),
)

_IMAGENET = "ImageNet top-1"
_FIGURES = {SWISH: "+1.1, +0.5"}  #: of the soft over the hard one, where the paper has them

CLAIMS: tuple[Claim, ...] = (
    *(versus(soft, hard, _FIGURES.get(soft, "no figure"), _IMAGENET, "soft") for (hard, soft), _ in _PAIRS),
    versus(ACON_C, RELU, "+2.4, +0.8", _IMAGENET, "ACON-C"),
    versus(ACON_C, SWISH, "+1.3, +0.3", _IMAGENET, "ACON-C"),
    versus(META, RELU, "+4.6, +2.0", _IMAGENET, "Meta-ACON"),
    versus(META, SWISH, "+3.5, +1.5", _IMAGENET, "Meta-ACON"),
    versus(META, ACON_C, "+2.2, +1.2", _IMAGENET, "Meta-ACON"),
)

#: Meta-ACON is ACON-C under a recipe that makes beta from the input
META_EXPRESSION = smooth_maximum([parse("p1*x"), parse("p2*x")]).text


def candidates() -> list[tuple[str, str]]:
    """(label, expression) of all but Meta-ACON: each hard function, then its smooth relative."""
    found = []
    for (hard, soft), pieces in _PAIRS:
        found.append((hard, parse(f"max({', '.join(pieces)})").text))
        found.append((soft, smooth_maximum([parse(piece) for piece in pieces]).text))
    return found


def findings(members: Sequence[Member]) -> list[Finding]:
    """Every claim with its verdict."""
    return settle(contrasted(CLAIMS, {member.label: Scores.of(member) for member in members}))
