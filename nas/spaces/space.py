"""A search space: the candidates that a space file describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from nas.errors import SpaceError
from nas.registry import did_you_mean
from nas.spaces.candidate import Candidate, Draft
from nas.spaces.decisions import Choice, Chooser, Interval, Odometer, Recorder, Replay, Value
from nas.spaces.grammar import draw, writings
from nas.spaces.schema import SpaceFile


class SearchSpace:
    """Proposes candidates of `file`; every way to one goes through `draft`."""

    def __init__(self, file: SpaceFile) -> None:
        self.file = file
        self._settings = file.settings.dimensions()

    def draft(self, chooser: Chooser) -> Draft:
        """Every decision of one candidate, taken by `chooser`; cheap."""
        recorder = Recorder(chooser)
        genotype, scope = draw(self.file.activation, recorder)
        settings: dict[str, Value] = {}
        for key, dimension in self._settings.items():
            name = f"recipe.{key}"
            if isinstance(dimension, Interval):
                settings[key] = recorder.uniform(name, dimension.low, dimension.high, dimension.log)
            else:
                settings[key] = recorder.choose(name, dimension.options)
        return Draft(genotype, scope, settings, recorder.decisions, recorder.dimensions)

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

    def size(self) -> int | None:
        """Number of writings, of which several may be one function; None where a range makes it endless."""
        counts = [len(d.options) for d in self._settings.values() if isinstance(d, Choice)]
        if len(counts) < len(self._settings):
            return None
        return writings(self.file.activation) * prod(counts)

    def enumerate(self) -> Iterator[Draft]:
        """Every writing once, in the order of the file. Raises SpaceError at once for an endless space."""
        self.draft(Odometer())
        return self._walk()

    def _walk(self) -> Iterator[Draft]:
        odometer = Odometer()
        yield self.draft(odometer)
        while odometer.advance():
            yield self.draft(odometer)
