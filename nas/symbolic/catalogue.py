"""Named activation functions of the literature, one row each: formula, constants, claimed properties, source.

Data only: nothing here reads a formula. They are in the syntax of `nas.symbolic.parse`, with the constants
of a family in braces, and in a form that keeps its digits and has a finite slope far out: (1 + tanh(u))/2 is
sigmoid(2 u), x + sqrt(x^2 + 1) is exp(asinh(x)), x + abs(x) is exactly 0 on the left, and e^-e^7 is 0 in any
arithmetic. What a row claims holds for its usual constants, and is checked in the tests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from nas.errors import ExpressionError
from nas.references import REFERENCES
from nas.registry import Table


@dataclass(frozen=True)
class Constant:
    """A number of a family. `usual` is what the bare name stands for, and where a learned one starts.

    A function with another number between `low` and `high`, both excluded, is still of the family.
    """

    name: str
    usual: float
    low: float = 0.0
    high: float = 1000.0


@dataclass(frozen=True)
class Claims:
    """What is said of a function: of the usual constants, and of learned ones at their start."""

    parity: Literal["odd", "even", "none"] = "none"
    monotone: bool = False  #: never falls
    lower: float | None = None  #: the greatest lower bound; None: unbounded
    upper: float | None = None  #: the least upper bound; None: unbounded
    smoothness: float = math.inf  #: continuous derivatives: k of C^k, -1 where the function itself jumps
    zero: bool = True  #: f(0) = 0
    gated: bool = False  #: written by its source as x g(x), with a gate 0 <= g that is bounded


@dataclass(frozen=True)
class Activation:
    """A named function, or a family of them.

    `learned`: its constants are numbers fixed before training ("never"), parameters that are trained
    ("always"), or trained ones that may also be fixed ("either"). `forms` are other formulas that go by the
    same name. `same_as` names the row that the usual constants make this one equal to.
    """

    name: str
    formula: str
    source: str
    claims: Claims
    constants: tuple[Constant, ...] = ()
    learned: Literal["never", "always", "either"] = "never"
    aliases: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    same_as: str | None = None

    @property
    def year(self) -> int:
        """The year of the source."""
        return REFERENCES[self.source].year

    @property
    def text(self) -> str:
        """The formula in the syntax of `parse`: learned constants as parameters, others as numbers."""
        if self.learned == "never":
            return self.fixed({c.name: c.usual for c in self.constants})
        return self.with_parameters(self.formula)

    def fixed(self, values: Mapping[str, float]) -> str:
        """The formula with numbers for all its constants."""
        return self.formula.format(**{name: _written(value) for name, value in values.items()})

    def with_parameters(self, formula: str) -> str:
        """`formula` with a parameter for each constant, and its start where that is not 1."""
        for constant in self.constants:
            place = f"{{{constant.name}}}"
            start = "" if constant.usual == 1 else f"[channel, {_written(constant.usual)}]"
            formula = formula.replace(place, constant.name + start, 1).replace(place, constant.name)
        return formula


def _written(value: float) -> str:
    """`value` in the syntax of `parse`, as a fraction where its decimals do not end."""
    text = f"{value:.17g}" if value.is_integer() else repr(value)
    fraction = Fraction(value).limit_denominator(100)
    if len(text) > 12 and float(fraction) == value:
        text = f"({fraction})"
    return f"({text})" if value < 0 else text


_INCREASING = Claims(monotone=True)
_RELU = Claims(monotone=True, lower=0, smoothness=0)
_SIGMOID = Claims(monotone=True, lower=0, upper=1, zero=False)
_ODD_SIGMOID = Claims("odd", monotone=True, lower=-1, upper=1)
_ODD = Claims("odd", monotone=True)
_EVEN = Claims("even", lower=0)
_SILU_LOWER = -0.2784645427610738  #: x sigmoid(x) at x = -1.27846, where 1 + x sigmoid(-x) = 0
_SILU = Claims(lower=_SILU_LOWER, gated=True)


# fmt: off
CATALOGUE = Table("named activation", [
    # linear, steps and sigmoids
    Activation("identity", "x", "Eger2018", _ODD, aliases=("linear",)),
    Activation("binary step", "max(sign(x), 0)", "McCullochPitts1943",
               Claims(monotone=True, lower=0, upper=1, smoothness=-1), aliases=("step", "heaviside")),
    Activation("sign", "sign(x)", "Courbariaux2016", Claims("odd", True, -1, 1, smoothness=-1)),
    Activation("sigmoid", "sigmoid(x)", "Rumelhart1986", _SIGMOID, aliases=("logistic",)),
    Activation("tanh", "tanh(x)", "LeCun1998", _ODD_SIGMOID),
    Activation("LeCun tanh", "1.7159*tanh(2/3*x)", "LeCun1998", Claims("odd", True, -1.7159, 1.7159),
               aliases=("scaled tanh",)),
    Activation("penalized tanh", "max(tanh(x), {slope}*tanh(x))", "Xu2016",
               Claims(monotone=True, lower=-0.25, upper=1, smoothness=0), (Constant("slope", 0.25, 0, 1),)),
    Activation("hard sigmoid", "max(0, min(1, {slope}*x + 1/2))", "Howard2019",
               Claims(monotone=True, lower=0, upper=1, smoothness=0, zero=False),
               (Constant("slope", 1 / 6),)),
    Activation("hard tanh", "max(-{bound}, min({bound}, x))", "Collobert2004",
               Claims("odd", True, -1, 1, smoothness=0), (Constant("bound", 1.0),)),
    Activation("softsign", "x/(1 + abs(x))", "Turian2009", Claims("odd", True, -1, 1, smoothness=1)),
    Activation("Elliott", "(x + abs(x) + 1)/(2*(1 + abs(x)))", "Elliott1993",
               Claims(monotone=True, lower=0, upper=1, smoothness=1, zero=False), aliases=("Elliot",)),
    Activation("arctan", "atan(x)", "Ramachandran2017", Claims("odd", True, -math.pi / 2, math.pi / 2)),
    Activation("arcsinh", "asinh(x)", "Ramachandran2017", _ODD),
    Activation("symlog", "log1p(max(x, 0)) - log1p(-min(x, 0))", "Hafner2023",
               Claims("odd", True, smoothness=1)),
    Activation("erf", "erf(x)", "Ramachandran2017", _ODD_SIGMOID),
    Activation("probit", "erfc(-x/sqrt(2))/2", "GomesLudermir2008", _SIGMOID, aliases=("normal CDF",)),
    Activation("cloglog", "-expm1(-exp(x))", "GomesLudermir2008", _SIGMOID,
               aliases=("complementary log-log",)),
    Activation("loglog", "exp(-exp(-x))", "Gomes2011", _SIGMOID, aliases=("Gumbel",)),
    Activation("ISRU", "x/sqrt(1 + {alpha}*x^2)", "Carlile2017", _ODD_SIGMOID, (Constant("alpha", 1.0),)),
    Activation("SQNL", "max(-2, min(2, x))*(1 - min(2, abs(x))/4)", "WuraolaPatel2018",
               Claims("odd", True, -1, 1, smoothness=1)),
    Activation("Hexpo", "expm1(min(x, 0)) - expm1(-max(x, 0))", "Kong2017",
               Claims("odd", True, -1, 1, smoothness=1)),

    # rectifiers
    Activation("ReLU", "max(x, 0)", "NairHinton2010", _RELU),
    Activation("leaky ReLU", "max(x, {slope}*x)", "Maas2013", Claims(monotone=True, smoothness=0),
               (Constant("slope", 0.01, 0, 1),), aliases=("LReLU",)),
    Activation("PReLU", "max(x, 0) + {p}*min(x, 0)", "He2015", Claims(monotone=True, smoothness=0),
               (Constant("p", 0.25),), "always", aliases=("parametric ReLU",), forms=("max(x, {p}*x)",)),
    Activation("ReLU6", "min(max(x, 0), 6)", "Krizhevsky2010",
               Claims(monotone=True, lower=0, upper=6, smoothness=0)),
    Activation("clipped ReLU", "min(max(x, 0), {cap})", "Hannun2014",
               Claims(monotone=True, lower=0, upper=20, smoothness=0), (Constant("cap", 20.0),),
               aliases=("bounded ReLU", "ReLUN")),
    Activation("squared ReLU", "max(x, 0)^2", "So2021", Claims(monotone=True, lower=0, smoothness=1),
               aliases=("ReLU squared", "ReLU2")),
    Activation("StarReLU", "0.8944*max(x, 0)^2 - 0.4472", "Yu2022",
               Claims(monotone=True, lower=-0.4472, smoothness=1, zero=False)),
    Activation("shifted ReLU", "max(x, -1)", "Clevert2015", Claims(monotone=True, lower=-1, smoothness=0)),
    Activation("displaced ReLU", "max(x, -{delta})", "Macedo2019",
               Claims(monotone=True, lower=-0.05, smoothness=0), (Constant("delta", 0.05),),
               aliases=("DReLU",)),
    Activation("FReLU", "max(x, 0) + {beta}", "Qiu2017",
               Claims(monotone=True, lower=1, smoothness=0, zero=False),
               (Constant("beta", 1.0),), "always", aliases=("flexible ReLU",)),
    Activation("TRec", "x*max(sign(x - 1), 0)", "Konda2014", Claims(monotone=True, lower=0, smoothness=-1),
               aliases=("truncated rectified", "thresholded ReLU")),
    Activation("NLReLU", "log1p({beta}*max(x, 0))", "Liu2019", _RELU, (Constant("beta", 1.0),)),
    Activation("PLU", "max({alpha}*(x + {c}) - {c}, min({alpha}*(x - {c}) + {c}, x))", "Nicolae2018",
               Claims("odd", True, smoothness=0), (Constant("alpha", 0.1, 0, 1), Constant("c", 1.0))),
    Activation("Tent", "max(0, {delta} - abs(x))", "RozsaBoult2019",
               Claims("even", lower=0, upper=1, smoothness=0, zero=False), (Constant("delta", 1.0),)),
    Activation("hard shrink", "x*max(sign(abs(x) - 1/2), 0)", "DonohoJohnstone1994",
               Claims("odd", True, smoothness=-1)),
    Activation("soft shrink", "max(x - {threshold}, 0) + min(x + {threshold}, 0)", "DonohoJohnstone1994",
               Claims("odd", True, smoothness=0), (Constant("threshold", 0.5),)),
    Activation("tanh shrink", "x - tanh(x)", "Paszke2019", _ODD),
    Activation("absolute value", "abs(x)", "Jarrett2009", Claims("even", lower=0, smoothness=0),
               aliases=("modulus", "vReLU")),
    Activation("SoftModulusQ", "min(abs(x), 1)^2*(2 - min(abs(x), 1)) + max(abs(x) - 1, 0)",
               "VallesPerez2023",
               Claims("even", lower=0, smoothness=1)),
    Activation("SoftModulusT", "x*tanh(x/{a})", "VallesPerez2023", _EVEN, (Constant("a", 0.01),)),
    Activation("LiSHT", "x*tanh(x)", "Roy2019", _EVEN),
    Activation("bent identity", "x*(x/(2*(sqrt(x^2 + 1) + 1)) + 1)", "KuncKlema2024", _INCREASING),
    Activation("hyper-sinh", "sinh(max(x, 0))/3 + min(x, 0)^3/4", "Parisi2020",
               Claims(monotone=True, smoothness=0)),

    # softplus and its relatives
    Activation("Softplus", "softplus({beta}*x)/{beta}", "Dugas2000",
               Claims(monotone=True, lower=0, zero=False),
               (Constant("beta", 1.0),)),
    Activation("shifted Softplus", "(x + abs(x))/2 + log1p(expm1(-abs(x))/2)", "Schuett2017",
               Claims(monotone=True, lower=-math.log(2)), aliases=("SSP",)),
    Activation("Soft++", "x + abs(x)/2 + log1p(expm1(-abs(x))/2)", "Ciuparu2020", _INCREASING,
               aliases=("Softplusplus",)),
    Activation("SLU", "max(x, 0) - 2*log1p(-tanh(min(x, 0)/2))", "Zhao2018",
               Claims(monotone=True, lower=-2 * math.log(2), smoothness=1),
               aliases=("softplus linear unit",)),
    Activation("Squareplus", "sqrt({b})/2*exp(asinh(x/sqrt({b})))", "Barron2021",
               Claims(monotone=True, lower=0, zero=False),
               (Constant("b", 4.0),)),
    Activation("log sigmoid", "-softplus(-x)", "Paszke2019", Claims(monotone=True, upper=0, zero=False)),

    # exponential linear units
    Activation("ELU", "max(x, 0) + {c}*expm1(min(x, 0))", "Clevert2015",
               Claims(monotone=True, lower=-1, smoothness=1), (Constant("c", 1.0),)),
    Activation("SELU", "1.0507009873554805*(max(x, 0) + 1.6732632423543772*expm1(min(x, 0)))",
               "Klambauer2017",
               Claims(monotone=True, lower=-1.7580993408473766, smoothness=0)),
    Activation("CELU", "max(x, 0) + {alpha}*expm1(min(x, 0)/{alpha})", "Barron2017",
               Claims(monotone=True, lower=-1, smoothness=1), (Constant("alpha", 1.0),), same_as="ELU"),
    Activation("ELU + 1", "max(x, 0) + exp(min(x, 0))", "Katharopoulos2020",
               Claims(monotone=True, lower=0, smoothness=1, zero=False), aliases=("ELUplus1",)),
    Activation("PELU", "{alpha}/{beta}*max(x, 0) + {alpha}*expm1(min(x, 0)/{beta})", "Trottier2017",
               Claims(monotone=True, lower=-1, smoothness=1), (Constant("alpha", 1.0), Constant("beta", 1.0)),
               "always"),
    Activation("MPELU", "max(x, 0) + {alpha}*expm1({beta}*min(x, 0))", "Li2018",
               Claims(monotone=True, lower=-1, smoothness=1), (Constant("alpha", 1.0), Constant("beta", 1.0)),
               "always"),
    Activation("ISRLU", "max(x, 0) + min(x, 0)/sqrt(1 + {alpha}*min(x, 0)^2)", "Carlile2017",
               Claims(monotone=True, lower=-1, smoothness=2), (Constant("alpha", 1.0),)),
    Activation("REU", "max(x, 0) + min(x, 0)*exp(min(x, 0))", "Ying2019",
               Claims(lower=-math.exp(-1), smoothness=1), aliases=("rectified exponential unit",)),
    Activation("SERLU", "1.07862*(max(x, 0) + 2.90427*min(x, 0)*exp(min(x, 0)))", "ZhangLi2018",
               Claims(lower=-1.07862 * 2.90427 * math.exp(-1), smoothness=0)),
    Activation("xIELU", "{p1}*max(x, 0)^2 + {p2}*(expm1(min(x, 0)) - min(x, 0)) + x/2", "HuangSchlag2024",
               Claims(lower=-0.2057512240964821, smoothness=1),
               (Constant("p1", 0.8), Constant("p2", 0.8)), "always"),

    # x times a gate
    Activation("SiLU", "x*sigmoid(x)", "Elfwing2018", _SILU, aliases=("Swish-1",)),
    Activation("quick GELU", "x*sigmoid(1.702*x)", "Hendrycks2016",
               Claims(lower=_SILU_LOWER / 1.702, gated=True),
               aliases=("GELU (sigmoid)",)),
    Activation("Swish", "x*sigmoid({beta}*x)", "Ramachandran2017", _SILU, (Constant("beta", 1.0),),
               "either", aliases=("ACON-A",)),
    Activation("ACON-B", "(1 - {p})*x*sigmoid({beta}*(1 - {p})*x) + {p}*x", "Ma2021", _INCREASING,
               (Constant("p", 0.25), Constant("beta", 1.0)), "always"),
    Activation("ACON-C", "({p1} - {p2})*x*sigmoid({beta}*({p1} - {p2})*x) + {p2}*x", "Ma2021",
               Claims(lower=_SILU_LOWER),
               (Constant("p1", 1.0), Constant("p2", 0.0), Constant("beta", 1.0)), "always"),
    Activation("E-Swish", "{beta}*x*sigmoid(x)", "Alcaide2018", Claims(lower=1.375 * _SILU_LOWER, gated=True),
               (Constant("beta", 1.375, 1, 2),)),
    Activation("dSiLU", "sigmoid(x)*(1 + x*sigmoid(-x))", "Elfwing2018",
               Claims(lower=-0.09983932012886692, upper=1.0998393201288669, zero=False)),
    Activation("Flatten-T Swish", "max(x, 0)*sigmoid(x) + {threshold}", "Chieng2018",
               Claims(monotone=True, lower=-0.2, smoothness=0, zero=False),
               (Constant("threshold", -0.2, -10, 0),),
               aliases=("FTS", "FTSwish")),
    Activation("hard Swish", "x*max(0, min(1, x/6 + 1/2))", "Howard2019",
               Claims(lower=-0.375, smoothness=0, gated=True)),
    Activation("ELiSH", "(max(x, 0) + expm1(min(x, 0)))*sigmoid(x)", "Basirat2018",
               Claims(lower=-0.1715728752538099, smoothness=1)),
    Activation("hard ELiSH", "(max(x, 0) + expm1(min(x, 0)))*max(0, min(1, (x + 1)/2))", "Basirat2018",
               Claims(lower=-0.09967315152874262, smoothness=0)),
    Activation("GELU", "x*erfc(-x/sqrt(2))/2", "Hendrycks2016",
               Claims(lower=-0.16997120747990366, gated=True)),
    Activation("GELU (tanh)", "x*sigmoid(2*sqrt(2/pi)*(x + 0.044715*x^3))", "Hendrycks2016",
               Claims(lower=-0.17004075057125406, gated=True)),
    Activation("SGELU", "x*erf(x/sqrt(2))", "YuSu2019", _EVEN),
    Activation("LaLU", "x*(exp(min(x, 0)) - exp(-abs(x))/2)", "KuncKlema2024",
               Claims(lower=-math.exp(-1) / 2, smoothness=2, gated=True), aliases=("Laplace linear unit",)),
    Activation("ATLU", "x*2/pi*atan(exp(asinh(x)))", "Huang2024",
               Claims(monotone=True, lower=-1 / math.pi, gated=True),
               aliases=("CaLU", "Cauchy linear unit")),
    Activation("xATLU", "x*(2/pi*atan(exp(asinh(x)))*(1 + 2*{alpha}) - {alpha})", "Huang2024",
               Claims(monotone=True, lower=-1 / math.pi), (Constant("alpha", 0.0),), "always"),
    Activation("xGELU", "x*(erfc(-x/sqrt(2))/2*(1 + 2*{alpha}) - {alpha})", "Huang2024",
               Claims(lower=-0.16997120747990366), (Constant("alpha", 0.0),), "always"),
    Activation("xSiLU", "x*(sigmoid(x)*(1 + 2*{alpha}) - {alpha})", "Huang2024",
               Claims(lower=_SILU_LOWER), (Constant("alpha", 0.0),), "always"),
    Activation("PFLU", "x*exp(asinh(x))/(2*sqrt(1 + x^2))", "ZhuPFLU2021",
               Claims(lower=-0.1501415530003888, gated=True)),
    Activation("FPFLU", "max(x, 0) + min(x, 0)*exp(asinh(min(x, 0)))/sqrt(1 + x^2)", "ZhuPFLU2021",
               Claims(lower=-0.3002831060007776, smoothness=1)),
    Activation("Mish", "x*tanh(softplus(x))", "Misra2019", Claims(lower=-0.30884341301725043, gated=True)),
    Activation("TanhExp", "x*tanh(exp(min(x, 7)))", "LiuDi2020",
               Claims(lower=-0.35328577784821125, gated=True), aliases=("TeLU",)),
    Activation("Serf", "x*erf(softplus(x))", "Nag2021", Claims(lower=-0.3484374587596064, gated=True)),
    Activation("Pserf", "x*erf({alpha}*softplus({beta}*x))", "Biswas2022", Claims(lower=-0.5060068753569109),
               (Constant("alpha", 1.25), Constant("beta", 0.85)), "always"),
    Activation("ErfAct", "x*erf({alpha}*exp({beta}*x))", "Biswas2022", Claims(lower=-0.405280845173458),
               (Constant("alpha", 0.75), Constant("beta", 0.75)), "always"),
    Activation("Logish", "x*log1p(sigmoid(x))", "ZhuLogish2021",
               Claims(lower=-0.25276881678944035, gated=True)),
    Activation("Smish", "x*tanh(log1p(sigmoid(x)))", "Wang2022",
               Claims(lower=-0.2499936636601295, gated=True)),
    Activation("Gish", "x*log1p(-expm1(-exp(x)))", "Kaytan2023",
               Claims(lower=-0.27815946089638693, gated=True)),
    Activation("Phish", "x*tanh(x*erfc(-x/sqrt(2))/2)", "Naveen2022", Claims(lower=0)),
    Activation("CoLU", "x*exp(min(x, 0))/(exp(min(x, 0)) - x*exp(-max(x, 0) - exp(min(x, 7))))",
               "Vagerwal2021", Claims(lower=-0.37715856839612916, gated=True)),
    Activation("GoLU", "x*exp(-exp(-x))", "Das2025", Claims(lower=-0.0972601312276394, gated=True),
               aliases=("Gompertz linear unit",)),
    Activation("SMU", "((1 + {p})*x + (1 - {p})*x*erf({beta}*(1 - {p})*x))/2", "Biswas2021", _INCREASING,
               (Constant("p", 0.25), Constant("beta", 1.0)), "always", aliases=("smooth maximum unit",)),
    Activation("Soft-Root-Sign",
               "x*exp(min(x, 0)/{beta})/(x*exp(min(x, 0)/{beta})/{alpha} + exp(-max(x, 0)/{beta}))",
               "Zhou2020", Claims(lower=15 / (3 - 5 * math.e), upper=5),
               (Constant("alpha", 5.0), Constant("beta", 3.0)), "always", aliases=("SRS",)),
    Activation("ReSech", "2*x*exp(-abs(x))*sigmoid(2*abs(x))", "NjikamZhao2016",
               Claims("odd", lower=-0.6627434193491816, upper=0.6627434193491816)),

    # periodic, radial and polynomial
    Activation("sine", "sin(x)", "Parascandolo2016", Claims("odd", lower=-1, upper=1)),
    Activation("SIREN", "sin(30*x)", "Sitzmann2020", Claims("odd", lower=-1, upper=1)),
    Activation("cosine", "cos(x)", "Ramachandran2017", Claims("even", lower=-1, upper=1, zero=False)),
    Activation("sinc", "sinc(x)", "Ramachandran2017",
               Claims("even", lower=-0.21723362821122166, upper=1, zero=False)),
    Activation("Snake", "x + sin({alpha}*x)^2/{alpha}", "Ziyin2020", _INCREASING,
               (Constant("alpha", 1.0, 0, 20),), "either"),
    Activation("SinLU", "(x + {alpha}*sin({beta}*x))*sigmoid(x)", "Paul2022",
               Claims(lower=-0.49737055418999104),
               (Constant("alpha", 1.0), Constant("beta", 1.0)), "always"),
    Activation("GCU", "x*cos(x)", "Noel2021", Claims("odd"), aliases=("growing cosine unit",)),
    Activation("SQU", "x^2 + x", "NoelB2021", Claims(lower=-0.25), aliases=("shifted quadratic unit",)),
    Activation("NCU", "x - x^3", "NoelB2021", Claims("odd"), aliases=("non-monotonic cubic unit",)),
    Activation("square", "x^2", "GiladBachrach2016", _EVEN, aliases=("quadratic",)),
    Activation("cube", "x^3", "ChenManning2014", _ODD, aliases=("cubic",)),
    Activation("Gaussian", "exp(-x^2)", "Broomhead1988", Claims("even", lower=0, upper=1, zero=False)),
    Activation("multiquadric", "sqrt(1 + x^2)", "Hardy1971", Claims("even", lower=1, zero=False)),
    Activation("inverse multiquadric", "1/sqrt(1 + x^2)", "Broomhead1988",
               Claims("even", lower=0, upper=1, zero=False)),

    # found by search
    Activation("maxsig", "max(x, sigmoid(x))", "Ramachandran2017",
               Claims(monotone=True, lower=0, smoothness=0, zero=False)),
    Activation("maxtanh", "max(x, tanh(x))", "Ramachandran2017",
               Claims(monotone=True, lower=-1, smoothness=2)),
    Activation("minsin", "min(x, sin(x))", "Ramachandran2017", Claims(upper=1, smoothness=2)),
    Activation("cosid", "cos(x) - x", "Ramachandran2017", Claims(zero=False)),
    Activation("arctid", "atan(x)^2 - x", "Ramachandran2017", Claims()),
], ExpressionError)
# fmt: on


def squashed(name: str) -> str:
    """`name` in lower case without spaces, hyphens and underscores: how names are compared."""
    return re.sub(r"[\s_-]", "", name).lower()


def _index() -> dict[str, Activation]:
    index: dict[str, Activation] = {}
    for row in CATALOGUE.values():
        for name in (row.name, *row.aliases):
            if index.setdefault(squashed(name), row) is not row:
                raise ValueError(f"{name!r} names two activations")
    return index


_BY_NAME = _index()


def find(name: str) -> Activation | None:
    """The row called `name` in any case, with or without spaces, hyphens and underscores; else None."""
    return _BY_NAME.get(squashed(name))


#: words of the syntax, which no function of the catalogue may take
_TAKEN = re.compile(
    r"x|pi|(alpha|beta|gamma|p)[0-9]{0,2}|abs|sqrt|exp|expm1|log|log1p|sin|cos|sinh|cosh|tanh|asinh|atan|sinc|max|min"
    r"|sigmoid|softplus|erf|erfc|sign"
)


def _formulas() -> dict[str, str]:
    formulas = {}
    for row in CATALOGUE.values():
        for name in (row.name, *row.aliases):
            words = re.sub(r"[()]", "", name.lower())
            for word in (squashed(words), re.sub(r"[\s-]+", "_", words)):
                if re.fullmatch(r"[a-z][a-z0-9_]*", word) and not _TAKEN.fullmatch(word):
                    formulas[word] = row.text
    return formulas


#: formula by the names that may be written in a formula, as `gelu(x)` or as a whole
FORMULAS: dict[str, str] = _formulas()
