"""The loop of a run that trains a roster anew, trial by trial; begun again, it goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from torch import Tensor

from nas.evaluation.checkpoint import save_weights
from nas.evaluation.objective import Evaluation, Evaluator, OnEpoch
from nas.evaluation.test_set import flat
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.runs.roster import Entry, Roster
from nas.runs.store import Run
from nas.search.crew import Crew
from nas.search.trials import at, together
from nas.search.watch import Observer, Task, Watch
from nas.symbolic.parse import parse


class Rematch:
    """Trains what `roster` has and `run` has not.

    evaluator_of  makes the evaluator of the protocol of this label; one is kept at a time
    With `roster.test` the weights of every seed are on the disk before the trial's score is: a kill between
    the two only trains once more.
    """

    def __init__(
        self, run: Run, roster: Roster, evaluator_of: Callable[[str], Evaluator], observer: Observer
    ) -> None:
        self._run, self._roster, self._observer = run, roster, observer
        self._evaluator_of = evaluator_of
        self._session_started = time.time()

    def go(self) -> None:
        """Train until every candidate has met every protocol."""
        done = {record.number for record in self._run.records()}
        begun = {pending.number for pending in self._run.unfinished()}
        config = self._run.config
        with Crew[int](config.workers, config.threads_each) as crew:
            label, evaluator = None, None
            for number, protocol, candidate in self._roster.trials():
                if number in done:
                    continue
                if evaluator is None or label != protocol:
                    list(crew.settled(0))  # the images of one evaluator at a time
                    label, evaluator = protocol, self._evaluator_of(protocol)
                    evaluator.prepare(parse(entry.expression) for entry in self._roster.candidates.values())
                list(crew.settled(crew.lag))
                entry = self._roster.candidates[candidate]
                if number not in begun:
                    self._begin(number, entry, evaluator.protocol)
                self._hand_out(crew, number, entry, evaluator)
            list(crew.settled(0))

    def _begin(self, number: int, entry: Entry, protocol: Protocol) -> None:
        fields = {
            **entry.model_dump(include={"expression", "name", "complexity", "origin", "settings"}),
            "epochs": protocol.epochs,
        }
        given = self._run.begin({}, {}, fields)
        assert given == number, "trials are begun in the order of the roster"

    def _hand_out(self, crew: Crew[int], number: int, entry: Entry, evaluator: Evaluator) -> None:
        protocol = evaluator.protocol
        task = Task(number, parse(entry.expression), entry.origin, entry.settings)
        crew.hand_out(
            number,
            lambda tell: _trained(task, evaluator, tell),
            watch=lambda: (
                Watch(
                    self._run, self._observer, task, protocol, protocol.epochs, self._session_started
                ).on_epoch
            ),
            store=lambda found: self._store(number, *found),
        )

    def _store(self, number: int, whole: Evaluation, weights: Mapping[int, Mapping[str, Tensor]]) -> None:
        if self._roster.test and whole.outcome is Outcome.FINISHED:
            save_weights(self._run, number, flat(weights))
        self._run.finish(number, whole.fields())
        self._observer.ended(self._run.record(number))


def _trained(
    task: Task, evaluator: Evaluator, tell: OnEpoch
) -> tuple[Evaluation, dict[int, Mapping[str, Tensor]]]:
    """All seeds, with the weights of each."""
    whole: Evaluation | None = None
    weights: dict[int, Mapping[str, Tensor]] = {}
    for index in range(evaluator.protocol.seeds):
        tuned_to = task if whole is None else at(task, whole.lr_tried)  # what the first seed chose serves all
        one = evaluator.evaluate(task.expression, tuned_to.settings, tell, seeds=[index])
        weights[index] = one.weights
        whole = one if whole is None else together(whole, one)
        if one.outcome is not Outcome.FINISHED:
            break
    assert whole is not None
    return whole, weights
