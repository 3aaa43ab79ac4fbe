"""A candidate: an activation function, the settings it is trained under, and the decisions that led there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nas.errors import ExpressionError, SpaceError
from nas.spaces.decisions import Dimension, Value
from nas.spaces.formulas import Learning
from nas.spaces.genotype import Genotype, build, write
from nas.symbolic.expression import Expression


@dataclass(frozen=True)
class Draft:
    """Every decision taken, no mathematics done yet."""

    genotype: Genotype
    learning: Learning  #: of every learnable parameter
    tied: bool = False  #: parameters of one name are one
    settings: Mapping[str, Value] = field(default_factory=dict)  #: recipe values that were decided
    decisions: Mapping[str, Value] = field(default_factory=dict)  #: what was chosen, by name
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)  #: what could have been chosen, by name

    @property
    def writing(self) -> str:
        """The formula as composed, before any simplification."""
        return write(self.genotype, self.learning, self.tied)

    def candidate(self) -> Candidate:
        """The function itself. Raises UndefinedCandidate where there is none."""
        try:
            activation = build(self.genotype, self.learning, self.tied)
        except ExpressionError as error:
            raise UndefinedCandidate(self, error.what) from error
        return Candidate(activation, self.writing, self.settings, self.decisions, self.dimensions)


@dataclass(frozen=True)
class Candidate:
    """What is trained: `activation` in a network, under `settings` in place of the recipe's own."""

    activation: Expression
    writing: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    decisions: Mapping[str, Value] = field(default_factory=dict)
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)


class UndefinedCandidate(SpaceError):
    """A candidate whose formula has no real value anywhere; `draft` keeps what was decided."""

    def __init__(self, draft: Draft, reason: str) -> None:
        super().__init__(f"this candidate is no function: {reason}", got=draft.writing)
        self.draft, self.reason = draft, reason

    @property
    def writing(self) -> str:
        """The formula as composed."""
        return self.draft.writing

    @property
    def settings(self) -> Mapping[str, Value]:
        """Recipe values that were decided."""
        return self.draft.settings

    @property
    def decisions(self) -> Mapping[str, Value]:
        """What was chosen, by name."""
        return self.draft.decisions

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """What could have been chosen, by name."""
        return self.draft.dimensions
