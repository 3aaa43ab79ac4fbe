"""The scores of an architecture that are known before it is trained in earnest."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table


@dataclass(frozen=True)
class Score:
    """A score; more is better. `weight` is its part in the one that ranks."""

    name: str
    formula: str
    summary: str
    source: str
    weight: float = 1.0


# The weights are set by hand, from no accuracy: three parts for how much a network can do (complexity 2;
# synflow and naswot, which nearly repeat it, 1/2 each), three for how it tells images apart (jacob_cov,
# expressivity, progressivity), one for gradients that get through. What weighs 0 is shown only.
SCORES = Table(
    "score",
    [
        Score(
            "complexity", "log10(1 + MACs)", "work on the ways from the input to the output", "nas", weight=2
        ),
        Score(
            "synflow", "log10(1 + sum theta dR/dtheta)", "products of the weights along all paths",
            "Tanaka2020", weight=0.5,
        ),
        Score(
            "jacob_cov", "-sum log(v + k) + 1/(v + k)", "how differently images move the output", "Mellor2021"
        ),
        Score(
            "naswot", "log det(K + 1)", "how differently images open and shut the activations",
            "Mellor2021", weight=0.5,
        ),
        Score(
            "expressivity", "sum of entropies of eigenvalues", "directions that the blocks' features fill",
            "LeeHam2024",
        ),
        Score(
            "progressivity", "least growth of the entropy", "features get richer from block to block",
            "LeeHam2024",
        ),
        Score(
            "trainability", "mean of 2 - s - 1/s", "gradients keep their size in every block", "LeeHam2024"
        ),
        Score(
            "swap", "log10(1 + different patterns)", "patterns that activations show over the images",
            "Peng2024", weight=0,
        ),
        Score(
            "grad_norm", "log10(1 + sum |dL/dW|)", "size of the loss's gradient, layer by layer",
            "Abdelfattah2021", weight=0,
        ),
        Score(
            "short_training", "-loss on other images", "a very short training of few layers on small images",
            "nas", weight=0,
        ),
    ],
)  # fmt: skip
