"""The next candidate that is worth training: not met before, and not hopeless."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nas.errors import ExpressionError
from nas.evaluation.screening import reason_to_screen
from nas.protocol import Protocol
from nas.rows.optimizers import OPTIMIZERS
from nas.rules.fingerprint import Met
from nas.rules.rule import Rule, read
from nas.search.samplers.base import Sampler
from nas.seeds import derive
from nas.spaces.candidate import Candidate, Draft, UndefinedCandidate
from nas.spaces.decisions import RandomChooser
from nas.spaces.space import SearchSpace
from nas.symbolic.expression import Expression
from nas.symbolic.fingerprint import Seen

EQUAL_IN_A_ROW = 10  # proposals that are all known already, before a random unseen candidate is taken instead
RANDOM_TRIES = 200  # random draws without an unseen one, before the space is walked for what is left
LARGEST_WALK = (
    50_000  # writings; a larger space that gives nothing new in RANDOM_TRIES draws counts as exhausted
)
OUTSIDE_TRIES = 100  # proposals outside the limits of the space, before a random one inside is taken instead
HOPELESS_IN_A_ROW = 1000  # screened candidates without one to train, before the search gives up

Settings = Mapping[str, Any]


class Known:
    """The candidates met so far: functions, each with its settings, and writings without a value.

    Settings are the same where they lead to one protocol: a setting at the recipe's own value is none.
    """

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._functions: dict[str, Seen[int]] = {}
        self._undefined: set[str] = set()
        self._rules = Met()

    def add(self, expression: Expression, settings: Settings, number: int) -> None:
        """Remember the function as trial `number`."""
        self._functions.setdefault(self._key(settings), Seen()).add(expression, number)

    def add_undefined(self, writing: str) -> None:
        """Remember a formula that has no value."""
        self._undefined.add(writing)

    def find(self, expression: Expression, settings: Settings) -> int | None:
        """The trial of the same function under the same settings, if there was one."""
        seen = self._functions.get(self._key(settings))
        return None if seen is None else seen.find(expression)

    def undefined(self, writing: str) -> bool:
        """Whether this formula is known to have no value."""
        return writing in self._undefined

    def _key(self, settings: Settings) -> str:
        """That of the protocol; update rules that are one rule under several writings have one key."""
        rule = settings.get("optimizer")
        if rule is not None and rule not in OPTIMIZERS and (formula := _rule(rule)) is not None:
            settings = {**settings, "optimizer": (self._rules.add(formula) or formula).text}
        return self._protocol.under(settings).key


def _rule(text: str) -> Rule | None:
    try:
        return read(text)
    except ExpressionError:
        return None


@dataclass(frozen=True)
class Proposal:
    """A new candidate; `reason` says why it is not worth training, where it is not."""

    candidate: Candidate | UndefinedCandidate
    reason: str | None
    equal: int  #: proposals thrown away before this one, because they were known


class Proposals:
    """Asks the sampler until it proposes something new."""

    def __init__(
        self, space: SearchSpace, sampler: Sampler, known: Known, seed: int, finite_walk: bool
    ) -> None:
        self._space, self._sampler, self._known, self._seed = space, sampler, known, seed
        self._patience = None if finite_walk else EQUAL_IN_A_ROW
        self._rest: Iterator[Draft] | None = None

    def next(self, number: int) -> Proposal | None:
        """The proposal for trial `number`; None where the space is exhausted."""
        for equal, draft in enumerate(self._drafts(number)):
            proposal = self._judge(draft, equal)
            if proposal is not None:
                return proposal
        return None

    def _drafts(self, number: int) -> Iterator[Draft]:
        """The sampler's proposals; after too many known ones random draws, then what is left of the space."""
        attempt = outside = 0
        while self._patience is None or attempt < self._patience + outside:
            draft = self._sampler.ask(number, attempt)
            if draft is None:
                return
            attempt += 1
            if self._space.allows(draft):
                yield draft
            elif (outside := outside + 1) >= OUTSIDE_TRIES:
                break
        for attempt in range(RANDOM_TRIES):
            yield self._space.drawn(RandomChooser(derive(self._seed, "unseen", number, attempt)))
        size = self._space.size()
        if size is not None and size <= LARGEST_WALK:
            if self._rest is None:
                drafts = list(self._space.enumerate())
                random.Random(derive(self._seed, "rest")).shuffle(drafts)
                self._rest = iter(drafts)
            yield from self._rest

    def _judge(self, draft: Draft, equal: int) -> Proposal | None:
        """None where the draft is known."""
        try:
            candidate = draft.candidate()
        except UndefinedCandidate as undefined:
            if self._known.undefined(undefined.writing):
                return None
            return Proposal(undefined, f"undefined: {undefined.reason}", equal)
        if self._known.find(candidate.activation, candidate.settings) is not None:
            return None
        return Proposal(candidate, reason_to_screen(candidate.activation, candidate.settings), equal)
