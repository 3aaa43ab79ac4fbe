"""The samplers that propose candidates."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table


@dataclass(frozen=True)
class Sampler:
    """A rule that proposes the next candidate."""

    name: str
    summary: str
    source: str


SAMPLERS = Table(
    "sampler",
    [
        Sampler("tpe", "tree-structured Parzen estimator: proposes near what did well", "Bergstra2011"),
        Sampler(
            "random",
            "uniformly at random over functions, or over writings in a space of more than two million",
            "Bergstra2012",
        ),
        Sampler("evolution", "regularized evolution: mutates the best of a few young trials", "Real2019"),
        Sampler("controller", "an LSTM that writes candidates and learns by policy gradient", "ZophLe2017"),
        Sampler("exhaustive", "walks a finite space once, in order", "nas"),
    ],
)
