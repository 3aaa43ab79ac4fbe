"""Which gain trains networks without normalization: Glorot's, He's or the activation's own.

Twenty hidden layers in a row, so that a signal that shrinks or grows a little in each is lost at the end; for
gains that differ little the small convolutional network, which learns under all of them; for the init that
adapts to residual branches (Zhang et al. 2019) a residual network of twenty layers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nas.reproductions.compared import contrasted
from nas.reproductions.entrants import Entrant, Trained, above
from nas.reproductions.verdicts import Claim, Finding, Verdict, settle
from nas.symbolic.gaussian import gain
from nas.symbolic.parse import parse

NAME = "init"
SOURCE = "GlorotBengio2010, He2015 and others"
NET = "deep_mlp"
RECIPE = ("norm=none",)
SEEDS = 4  #: at every scale: what stalls does so under each

IDENTITY, RELU, TANH, GELU, SILU, SELU = "x", "ReLU", "tanh", "GELU", "SiLU", "SELU"
ACTIVATIONS = {IDENTITY: "x", RELU: "max(x, 0)", TANH: "tanh(x)", GELU: "gelu", SILU: "silu", SELU: "selu"}
DEFAULT, GLOROT, HE, OWN, ORTHOGONAL, FIXUP = "default", "Glorot", "He", "own", "orthogonal", "Fixup"
INITS = {
    DEFAULT: "torch",
    GLOROT: "glorot_normal",
    HE: "he_normal",
    OWN: "own",
    ORTHOGONAL: "orthogonal",
    FIXUP: "fixup",
}
#: network -> activation -> inits. Left out are twins: ReLU's own gain is He's, that of x and SELU Glorot's
CANDIDATES: dict[str, dict[str, tuple[str, ...]]] = {
    NET: {
        IDENTITY: (GLOROT, ORTHOGONAL),
        RELU: (DEFAULT, GLOROT, HE),
        TANH: (DEFAULT, GLOROT, HE, OWN, ORTHOGONAL),
        SELU: (GLOROT, HE),
        GELU: (HE, OWN),
    },
    "small": {
        TANH: (GLOROT, HE, OWN),
        GELU: (GLOROT, HE, OWN),
        SILU: (GLOROT, HE, OWN),
        SELU: (HE, OWN),
    },
    "resnet20": {RELU: (HE, FIXUP)},
}

#: of the stacks in which the signal is measured
DEPTH, WIDTH, DRAWS = 20, 128, 8
_CLOSE = 0.1  #: relative difference of two factors a layer that are the same
_EXACT = 1e-9  #: of two gains


@dataclass(frozen=True)
class Signal:
    """By what the mean square of the signal is multiplied from layer to layer."""

    claim: Claim
    init: str
    expression: str
    factor: float  #: as the source derives it


def _signal(says: str, paper: str, where: str, init: str, activation: str, factor: float) -> Signal:
    rule = (
        "mean square of what enters the activations, from layer to layer: geometric mean over "
        f"{DEPTH} layers of {WIDTH} units and {DRAWS} draws, measured; supported: within {_CLOSE:.0%} of the "
        "source's; else not supported"
    )
    says = f"{activation}: {init} {says}"
    return Signal(Claim(says, says, paper, where, rule), INITS[init], ACTIVATIONS[activation], factor)


_HE, _GLOROT = "He et al. 2015, section 2.2", "Glorot & Bengio 2010"
SIGNALS = (
    _signal("thirds signal", "0.333", f"{_GLOROT}, eq. 15", DEFAULT, IDENTITY, 1 / 3),
    _signal("keeps signal", "1", f"{_GLOROT}, eq. 12", GLOROT, IDENTITY, 1.0),
    _signal("halves signal", "0.5", _HE, GLOROT, RELU, 0.5),
    _signal("keeps signal", "1", _HE, HE, RELU, 1.0),
)

_DERIVED = (
    "1/sqrt(E f(z)^2) for z ~ N(0, 1), computed; supported: equal to the source's gain; else not supported"
)
GAINS = (
    (Claim("ReLU: own is He's", "ReLU: own is He's", "sqrt 2", _HE, _DERIVED), RELU, math.sqrt(2)),
    (Claim("x: own is Glorot's", "x: own is Glorot's", "1", _GLOROT, _DERIVED), IDENTITY, 1.0),
    (
        Claim("SELU: own is Glorot's", "SELU: own is Glorot's", "1", "Klambauer et al. 2017", _DERIVED),
        SELU,
        1.0,
    ),
)


def label(activation: str, init: str, net: str = NET) -> str:
    """Of a candidate."""
    return f"{activation} {init}" if net == NET else f"{net} {activation} {init}"


def _over(
    activation: str, better: str, worse: str, paper: str, where: str, source: str, net: str = NET
) -> Claim:
    says = f"{label(activation, better, net)} > {worse}"
    return above(label(activation, better, net), label(activation, worse, net), paper, where, source, says)


_SAXE = "SaxeMcClellandGanguli2014"
CLAIMS: tuple[Claim, ...] = (
    _over(TANH, GLOROT, DEFAULT, "+3.0", "table 1, CIFAR-10", "GlorotBengio2010"),
    _over(RELU, HE, GLOROT, "stalls", "figure 3: 30 layers, Glorot's init stalls", "He2015"),
    _over(IDENTITY, ORTHOGONAL, GLOROT, "faster", "deep linear networks", _SAXE),
    _over(TANH, ORTHOGONAL, GLOROT, "faster", "beyond linear networks", _SAXE),
    _over(SELU, GLOROT, HE, "gain 1", "initialization", "Klambauer2017"),
    _over(GELU, OWN, HE, "better", "activations other than ReLU", "BinghamAutoInit2023"),
    *(
        _over(name, OWN, other, "better", "activations other than ReLU", "BinghamAutoInit2023", "small")
        for name, inits in CANDIDATES["small"].items()
        for other in inits
        if other != OWN
    ),
    _over(
        RELU,
        FIXUP,
        HE,
        "+0.4",
        "CIFAR-100: ResNet-56 +0.4, VGG-16-BN +0.65",
        "ZhangDauphinMa2019",
        "resnet20",
    ),
)


def entrants() -> list[Entrant]:
    """All of CANDIDATES, in their order."""
    return [
        Entrant(
            label(activation, init, net),
            ACTIVATIONS[activation],
            {"init": INITS[init]} | ({} if net == NET else {"net": net}),
        )
        for net, activations in CANDIDATES.items()
        for activation, inits in activations.items()
        for init in inits
    ]


def findings(trained: Sequence[Trained], factors: Mapping[str, float]) -> list[Finding]:
    """Every claim with its verdict. `factors`: what was measured of each of SIGNALS, by its claim's name."""
    scores = {one.label: one.scores for one in trained}
    return settle(
        [
            *(_derived(*row) for row in GAINS),
            *(_measured(signal, factors[signal.claim.name]) for signal in SIGNALS),
            *contrasted(CLAIMS, scores),
        ]
    )


def _derived(claim: Claim, activation: str, expected: float) -> Finding:
    own = gain(parse(ACTIVATIONS[activation]))
    if own is None:
        return Finding(claim, "none", verdict=Verdict.NOT_SUPPORTED)
    return Finding(claim, f"{own:.6g}", verdict=_verdict(abs(own - expected) < _EXACT))


def _measured(signal: Signal, factor: float) -> Finding:
    close = abs(factor / signal.factor - 1) < _CLOSE
    return Finding(signal.claim, f"{factor:.3g}", verdict=_verdict(close))


def _verdict(supported: bool) -> Verdict:
    return Verdict.SUPPORTED if supported else Verdict.NOT_SUPPORTED
