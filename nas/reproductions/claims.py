"""What the paper that found Swish says (Ramachandran, Zoph & Le 2017), row by row.

Accuracies are on the test part of CIFAR-10 with a pre-activation ResNet-164, medians of five trainings, in %.
"Better, equal, worse" counts nine models over CIFAR and ImageNet on which Swish was set against the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table
from nas.reproductions.compared import versus
from nas.reproductions.verdicts import ASSOCIATION, Claim

SOURCE = "Ramachandran2017"

SWISH, RELU = "Swish", "ReLU"
BEST_FOUND = "best found"

TOP_SHARE = 0.1  #: of the trained functions, best first: what "the best ones" means in the rules


@dataclass(frozen=True)
class Function:
    """A function of the paper's tables. `units`: core units that it takes in the grammar of the search."""

    name: str
    expression: str
    accuracy: float  #: %
    units: int | None = None  #: None: made by hand
    versus_swish: tuple[int, int, int] | None = None  #: models on which Swish is better, equal, worse


FUNCTIONS = Table(
    "function of the paper",
    [
        Function(SWISH, "x*sigmoid(beta*x)", 94.5, 1),
        Function("maxsig", "max(x, sigmoid(x))", 94.3, 1),
        Function("cosid", "cos(x) - x", 94.1, 1),
        Function("minsin", "min(x, sin(x))", 94.0, 1),
        Function("arctid", "atan(x)^2 - x", 93.9, 2),
        Function("maxtanh", "max(x, tanh(x))", 93.9, 1),
        Function("sinc + x", "sinc(x) + x", 91.5, 1),
        Function("x asinh^2", "x*asinh(x)^2", 85.1, 2),
        Function(RELU, "max(x, 0)", 93.8, versus_swish=(9, 0, 0)),
        Function("leaky ReLU", "leaky_relu", 94.2, versus_swish=(7, 1, 1)),
        Function("PReLU", "prelu", 94.1, versus_swish=(6, 3, 0)),
        Function("Softplus", "softplus(x)", 94.6, versus_swish=(6, 2, 1)),
        Function("ELU", "elu", 94.1, versus_swish=(8, 0, 1)),
        Function("SELU", "selu", 93.0, versus_swish=(8, 1, 0)),
        Function("GELU", "gelu", 94.3, versus_swish=(8, 1, 0)),
        Function("Swish-1", "x*sigmoid(x)", 94.7),
    ],
)

DISCOVERED = tuple(f for f in FUNCTIONS.values() if f.units is not None)


def _against_baseline(baseline: Function) -> Claim:
    assert baseline.versus_swish is not None
    better, equal, worse = baseline.versus_swish
    gain = FUNCTIONS[SWISH].accuracy - baseline.accuracy
    return versus(SWISH, baseline.name, f"{gain:+.1f}; {better}/{equal}/{worse}", "tables 3, 4", "baselines")


def _against_relu(found: Function) -> Claim:
    gain = found.accuracy - FUNCTIONS[RELU].accuracy
    better, worse = (found.name, RELU) if gain > 0 else (RELU, found.name)
    return versus(better, worse, f"{abs(gain):+.1f}", "table 1", "discovered")


VERSUS = (
    *(_against_baseline(f) for f in FUNCTIONS.values() if f.versus_swish is not None),
    *(_against_relu(f) for f in DISCOVERED if f.name != SWISH),
    versus(BEST_FOUND, RELU, "above", "section 3.2", "best found"),
)

FOUND = Claim(
    "family found",
    "a search finds Swish",
    "found",
    "section 3.2",
    "supported: x sigmoid(s x) with some s > 0, fixed or learned, up to c f(x) + d and f(-x), is among the "
    "trained functions; else cannot tell",
)
RANKED = Claim(
    "family ranked",
    "Swish is among the best",
    "1st of 8",
    "table 1",
    f"supported: the best of its family is in the best {TOP_SHARE:.0%} of the trained functions; not "
    "supported: in the lower half; else cannot tell, also where the family was not met",
)
ORDER = Claim(
    "order",
    "order of the 8 discovered",
    "same order",
    "table 1",
    "Spearman correlation of mean accuracies here with the paper's, those that could not be trained last; "
    + ASSOCIATION,
    "order",
)
ORDER_ALL = Claim(
    "order of all",
    f"order of all {len(FUNCTIONS)}",
    "same order",
    "tables 1, 4",
    ORDER.rule,
    "order",
)
SIMPLE = Claim(
    "simple",
    "simple functions win",
    "1-2 units",
    "section 3.2",
    "Spearman correlation of rank and complexity (nodes) within one core unit; " + ASSOCIATION,
    "search",
)
RAW = Claim(
    "raw x",
    "b(x, g(x)) is on top",
    "on top",
    "section 3.2",
    f"share of writings with a bare x or -x as an input of b, in the best {TOP_SHARE:.0%} against the rest "
    "(Fisher's exact test); " + ASSOCIATION,
    "search",
)
DIVISION = Claim(
    "division",
    "division does badly",
    "poor",
    "section 3.2",
    "ranks of the writings with b = division against all others (Mann-Whitney); " + ASSOCIATION,
    "search",
)
PERIODIC = Claim(
    "periodic",
    "periodic ones appear",
    "on top",
    "section 3.2",
    f"supported: sin or cos is in one of the best ten; not supported: in none of the best {TOP_SHARE:.0%}; "
    "else cannot tell",
)
