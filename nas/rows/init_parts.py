"""The parts of an init: what weights are drawn from, by which fan and gain, how depth counts, what follows.

    w = gain / sqrt(fan) S,    Var[S] = 1,    S of the same random numbers whatever the gain

Fans are those of one unit: fan_in = k^2 channels in / groups, fan_out = k^2 channels out / groups for kernels
of k x k, k = 1 for linear layers; a stride is not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from nas.registry import Table

Needs = Literal["nothing", "activation", "data", "structure"]


@dataclass(frozen=True)
class Head:
    """What the weights are drawn from."""

    name: str
    summary: str
    formula: str
    source: str
    fan: str  #: where the text names none


@dataclass(frozen=True)
class Fan:
    """What the gain is divided by the root of."""

    name: str
    summary: str
    formula: str


@dataclass(frozen=True)
class Gain:
    """A law for the gain; `value` is None where it depends on the activation."""

    name: str
    summary: str
    formula: str
    source: str
    value: float | None = None

    @property
    def needs(self) -> Needs:
        """Whether the activation must be known."""
        return "nothing" if self.value is not None else "activation"


@dataclass(frozen=True)
class Depth:
    """How weights shrink with the number of residual branches."""

    name: str
    summary: str
    formula: str
    source: str


@dataclass(frozen=True)
class Step:
    """What a batch of training images then makes of the weights, layer by layer."""

    name: str
    summary: str
    formula: str
    source: str


#: of a standard normal cut off at +-2: the variance 1 - 4 phi(2) / (Phi(2) - Phi(-2))
TRUNCATED_VARIANCE = 1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))

HEADS = Table(
    "distribution of weights",
    [
        Head("normal", "independent normal numbers", "S ~ N(0, 1)", "He2015", "in"),
        Head(
            "uniform",
            "independent uniform numbers",
            "S ~ Unif(-sqrt 3, sqrt 3)",
            "GlorotBengio2010",
            "in",
        ),
        Head(
            "truncated",
            "normal numbers drawn anew beyond two standard deviations, scaled back to the variance asked for",
            "S ~ N(0, 1) within +-2, divided by 0.8796",
            "Abadi2016",
            "in",
        ),
        Head(
            "orthogonal",
            "a random matrix [out, fan_in] with orthonormal rows or columns, uniform over all of them",
            "fan none: W = gain Q, Var[w] = gain^2 / max(out, fan_in); else scaled to gain^2 / fan",
            "SaxeMcClellandGanguli2014",
            "none",
        ),
        Head(
            "delta",
            "an orthogonal matrix [out, in] in the middle of each kernel, zeros around it",
            "fan none: W = gain Q at the center, Var[w] = gain^2 / (k^2 max(out, in)); else to gain^2 / fan",
            "Xiao2018",
            "none",
        ),
        Head(
            "dirac",
            "each channel handed on as it is; channels beyond those coming in repeat them",
            "w = gain at the center where out = in (modulo in), else 0; E w^2 = gain^2 / fan_in",
            "ZagoruykoKomodakis2017",
            "in",
        ),
        Head(
            "constant",
            "the same number everywhere, in the last layer, too: all units of a layer stay equal for ever",
            "w = gain; Var[w] = 0",
            "nas",
            "none",
        ),
    ],
)

FANS = Table(
    "fan",
    [
        Fan("in", "keeps the signal forward", "fan_in"),
        Fan("out", "keeps the gradient backward", "fan_out"),
        Fan("avg", "between the two", "(fan_in + fan_out) / 2"),
        Fan("none", "nothing is divided by", "1"),
    ],
)

GAINS = Table(
    "gain",
    [
        Gain("one", "of a linear layer", "1", "LeCun1998", 1.0),
        Gain("he", "of ReLU, for every activation", "sqrt 2", "He2015", math.sqrt(2)),
        Gain("torch", "of torch's layers: signals shrink", "1/sqrt 3", "Paszke2019", 1 / math.sqrt(3)),
        Gain("own", "the activation's own, forward; else sqrt 2", "1/sqrt(E f(z)^2)", "nas"),
        Gain("own_backward", "the activation's own, backward; else sqrt 2", "1/sqrt(E f'(z)^2)", "nas"),
        Gain(
            "auto",
            "own where no normalization follows a layer; sqrt 2 where one does and the scale cancels",
            "1/sqrt(E f(z)^2) or sqrt 2",
            "nas",
        ),
    ],
)

DEPTHS = Table(
    "depth scaling",
    [
        Depth("none", "every layer by itself", "1", "nas"),
        Depth(
            "sqrt",
            "the last weights of each of the L residual branches, so that the variances add up to a constant",
            "1/sqrt L",
            "Hayou2021",
        ),
        Depth(
            "fixup",
            "branches of m layers: all but the last shrunk, the last one and the network's last layer 0",
            "L^(-1/(2m - 2))",
            "ZhangDauphinMa2019",
        ),
    ],
)

STEPS = Table(
    "step with data",
    [
        Step(
            "lsuv",
            "every layer but the last scaled until what comes out of it has variance 1",
            "W <- W / sd(W x)",
            "MishkinMatas2016",
        ),
        Step(
            "whitening",
            "the first layer whitens: patches of the images projected on their principal components",
            "w_i = v_i / sqrt(lambda_i + eps), v_i, lambda_i of the patches' covariance, then -w_i",
            "CoatesNg2011",
        ),
        Step(
            "autoencoder",
            "every layer but the last is trained to give its input back through a decoder of its own",
            "min over W, D, c of mean (D f(W x) + c - x)^2, one layer after the other",
            "Bengio2007",
        ),
    ],
)
