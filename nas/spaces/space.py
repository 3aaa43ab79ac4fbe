"""A search space: the candidates that a space file describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from nas.errors import SpaceError
from nas.registry import did_you_mean
from nas.rows.baselines import BASELINES
from nas.spaces.candidate import Candidate, Draft
from nas.spaces.decisions import (
    Chooser,
    Interval,
    Odometer,
    RandomChooser,
    Recall,
    Recorder,
    Replay,
    Value,
)
from nas.spaces.formulas import Learning
from nas.spaces.genotype import learns
from nas.spaces.grammar import Production, productions
from nas.spaces.parts import First, product_of, size_of
from nas.spaces.rules import decisions, draw, size
from nas.spaces.schema import SpaceFile
from nas.spaces.weights import Limits

MOST_DRAWS = 100_000  #: at random, for one within the limits


class SearchSpace:
    """Proposes candidates of `file`; every way to one goes through `draft`."""

    def __init__(self, file: SpaceFile) -> None:
        self.file = file
        self.productions = productions(file.activation)
        table = file.activation.limits
        self.limits = Limits() if table is None else table.limits()
        self._settings = file.settings.dimensions()
        if not self.limits.none and self.writings() == 0:
            raise SpaceError("the limits leave nothing to search", got=file.name)

    @property
    def least_score(self) -> float | None:
        """Below which networks are not trained, by their score without training; None: all are."""
        return None if self.file.network is None else self.file.network.least_score

    def draft(self, chooser: Chooser) -> Draft:
        """Every decision of one candidate, taken by `chooser`; cheap. It may be outside the limits."""
        recorder = Recorder(chooser)
        names = [production.name for production in self.productions]
        production = self.productions[names.index(str(recorder.choose("activation.production", names)))]
        genotype = draw(production.rule, recorder)
        learning = production.parameters[0]
        if learns(genotype):
            learning = cast(Learning, recorder.choose(f"{production.name}.scope", production.parameters))
        settings: dict[str, Value] = {}
        for key, dimension in self._settings.items():
            name = f"recipe.{key}"
            if isinstance(dimension, Interval):
                settings[key] = recorder.uniform(name, dimension.low, dimension.high, dimension.log)
            else:
                settings[key] = recorder.choose(name, dimension.options)
        for part in self.file.parts:
            settings |= part.draw(recorder)
        settings |= self.file.fixed_lr if self.file.parts else {}
        return Draft(genotype, learning, production.tied, settings, recorder.decisions, recorder.dimensions)

    def allows(self, draft: Draft) -> bool:
        """Whether the draft is within the limits of the space."""
        return self.limits.none or self.limits.weigh(draft.genotype) is not None

    def propose(self, chooser: Chooser) -> Candidate:
        """A candidate, decided by `chooser`. Raises UndefinedCandidate where it is no function."""
        return self.draft(chooser).candidate()

    def candidate_from(self, decisions: Mapping[str, Value]) -> Candidate:
        """The candidate with these decisions.

        Raises:
            SpaceError: a decision is missing, impossible or not of this space.
            UndefinedCandidate: the decisions are fine, but lead to no function.
        """
        draft = self.draft(Replay(decisions))
        for name in decisions:
            if name not in draft.decisions:
                raise SpaceError(
                    f"the decision {name} is not one of this candidate",
                    allowed=", ".join(draft.decisions) or "none",
                    cure=did_you_mean(name, draft.decisions),
                )
        return draft.candidate()

    def writings(self) -> int:
        """How many formulas there are to write, each once for every scope of its parameters."""
        total = 0
        for production in self.productions:
            for weight, many in self.limits.tally(production.rule).items():
                total += many * (len(production.parameters) if weight.learns else 1)
        return total

    @property
    def baselines(self) -> tuple[str, ...]:
        """Whom candidates are held against: the usual ones, or the only function where others are searched.

        They are trained under the first option of all that this space decides beside the function.
        """
        if self.writings() > 1:
            return BASELINES
        return (self.draft(First()).candidate().activation.text,)

    def size(self) -> int | None:
        """Number of candidates, of which several may be one function; None where a range makes it endless."""
        settings = [size_of(dimension) for dimension in self._settings.values()]
        return product_of([self.writings(), *settings, *(part.size() for part in self.file.parts)])

    def drawn(self, chooser: RandomChooser) -> Draft:
        """A draft within the limits, all writings equally likely, and settings at random.

        Raises:
            SpaceError: nothing within the limits was met in MOST_DRAWS draws.
        """
        total = sum(size(production.rule) for production, _ in self.places)
        for _ in range(MOST_DRAWS):
            draft = self.ranked(chooser.below(total), chooser)
            if draft is not None and self.allows(draft):
                return draft
        raise SpaceError("the limits leave too little to draw from at random", cure="search it exhaustively")

    @property
    def places(self) -> list[tuple[Production, Learning]]:
        """Every production with every way to learn its parameters: the order in which ranks are counted."""
        return [(production, way) for production in self.productions for way in production.parameters]

    def ranked(self, rank: int, chooser: Chooser) -> Draft | None:
        """The writing number `rank` of all `places` in turn, its settings taken by `chooser`.

        None where it has nothing to learn and comes again under a second way to learn.
        """
        for production, way in self.places:
            if rank < size(production.rule):
                taken = dict(decisions(production.rule, rank))
                taken |= {"activation.production": production.name, f"{production.name}.scope": way}
                draft = self.draft(Recall(taken, chooser))
                return draft if way == production.parameters[0] or learns(draft.genotype) else None
            rank -= size(production.rule)
        raise IndexError(rank)

    def enumerate(self) -> Iterator[Draft]:
        """Every writing once, in the order of the file. Raises SpaceError at once for an endless space."""
        self.draft(Odometer())
        return filter(self.allows, self._walk())

    def _walk(self) -> Iterator[Draft]:
        odometer = Odometer()
        yield self.draft(odometer)
        while odometer.advance():
            yield self.draft(odometer)
