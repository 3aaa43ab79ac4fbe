"""Who of the waiting trials goes on: to the next rung, and at the last one to the next seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nas.outcomes import Outcome
from nas.rows.pruners import FIDELITIES
from nas.runs.config import RunConfig
from nas.runs.records import RungScore
from nas.search.halving import Standing, bracket_shares, hopeless, last_promoted, next_start, promoted
from nas.search.racing import next_in_race
from nas.search.trials import Trials


class Ladder:
    """The rungs and the race of one search. Baselines compete with nobody."""

    def __init__(self, config: RunConfig, trials: Trials) -> None:
        self._config, self._trials = config, trials
        self._rungs = len(config.protocol.ladder)

    def next_bracket(self) -> int:
        """The rung at which the next candidate begins."""
        if self._config.pruner != "hyperband":
            return 0
        return next_start(self._standings(), self._rungs, self._config.reduction)

    def promote(self, closing: bool) -> int | None:
        """Hand out the one that goes on to its next rung; its number, None where nobody may.

        closing  nothing new begins any more and all is settled: somebody has to reach the last rung
        """
        if self._config.pruner == "none":
            return None
        standings = self._standings()
        number = promoted(standings, self._rungs, self._config.reduction)
        if number is None and closing:
            number = last_promoted(standings, self._rungs)
        if number is not None:
            self._trials.climb(number)
            self._clean()
        return number

    def race(self) -> bool:
        """Hand out one of those at the last rung under one seed more; False where the race is over."""
        if not self._config.race:
            return False
        at_the_top = {
            number: waiting.rungs[-1].val_accs
            for number, waiting in sorted(self._trials.waiting.items())
            if waiting.rungs[-1].rung == self._rungs - 1
        }
        number = next_in_race(at_the_top, self._config.protocol.seeds)
        if number is not None:
            self._trials.add_seed(number)
        return number is not None

    def end(self) -> None:
        """Nobody goes on any more."""
        for number in sorted(self._trials.waiting):
            self._trials.end(number)
        self._trials.clean(set())

    def _clean(self) -> None:
        """Trunks of trials that can never be promoted are given up; how many come is known by trials only."""
        never: set[int] = set()
        if self._config.trials is not None:
            never = hopeless(self._standings(), self._rungs, self._config.reduction, self._config.trials)
        self._trials.clean(never)

    def _standings(self) -> list[Standing]:
        """The candidates on the ladder, by number, with what has been settled of them."""
        found = []
        for number, waiting in self._trials.waiting.items():
            if waiting.task.origin != "baseline":
                found.append(self._standing(number, waiting.bracket, waiting.rungs))
        for record in self._trials.records.values():
            if record.outcome is Outcome.SCREENED or record.baseline:
                continue
            standing = self._standing(record.number, record.bracket, record.rungs)
            if not standing.busy:
                fell = record.outcome in (Outcome.DIVERGED, Outcome.FAILED)
                standing = replace(standing, fell_at=standing.top + 1 if fell else None, ended=True)
            found.append(standing)
        return sorted(found, key=lambda standing: standing.number)

    def _standing(self, number: int, bracket: int, rungs: Sequence[RungScore]) -> Standing:
        """What is settled; the rung that the trial is on its way to is not."""
        goal = self._trials.goal(number)
        scores = {r.rung: r.val_accs[0] for r in rungs if goal is None or r.rung < goal}
        return Standing(number, scores, bracket, busy=goal is not None)


def expected_share(config: RunConfig) -> float:
    """Training images a candidate is expected to cost, as a share of its full training.

    One of `reduction` goes on from each rung, and pays for what is new and for the cooldown.
    """
    if config.pruner == "none":
        return 1.0
    rungs = len(config.protocol.ladder)
    protocol, keep = config.protocol, 1 / config.reduction
    starts = [1] + [0] * (rungs - 1)
    if config.pruner == "hyperband":
        starts = bracket_shares(rungs, config.reduction)
    values, anew = protocol.ladder, protocol.recipe.cooldown
    if not FIDELITIES.find(protocol.fidelity).goes_on:
        anew = 1.0
    total = 0.0
    for start, count in enumerate(starts):
        before = 0
        for rung in range(start, rungs):
            total += count * keep ** (rung - start) * (values[rung] - (1 - anew) * before)
            before = values[rung]
    return total / sum(starts) / values[-1]
