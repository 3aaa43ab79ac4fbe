"""The trials of a run while a search goes on: trained, scored rung by rung, ended; all of it on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nas.evaluation.checkpoint import best_trial, keep_only, save_weights
from nas.evaluation.objective import SHARED, Evaluation, Evaluator, OnEpoch
from nas.evaluation.tasks import TaskEvaluator
from nas.evaluation.trunks import Trunks
from nas.outcomes import Outcome
from nas.rows.pruners import FIDELITIES
from nas.runs.records import Pending, RungScore, TrialRecord, so_far, tuned
from nas.runs.store import Run
from nas.search.crew import Crew
from nas.search.watch import Observer, Task, Watch
from nas.symbolic.parse import parse

Goal = tuple[int, int]  #: a trial, by its number, and the rung that it is trained up to

_UNSETTLED = "unsettled"  #: the run's note of what has been handed out, in this order


@dataclass(frozen=True)
class Waiting:
    """A trial in training, or one that may go on to a further rung or seed."""

    task: Task
    bracket: int
    rungs: tuple[RungScore, ...] = ()


class Trials:
    """Has `crew` train the trials of `run`; `records` has those that ended, `waiting` those that have not.

    Weights and trunks are on the disk before the score is: a kill between the two only trains once more.
    Where several train side by side, the order in which they were handed out is on the disk too, so that a
    search that was cut off settles them as it would have done.
    """

    def __init__(
        self, run: Run, evaluator: Evaluator | TaskEvaluator, observer: Observer, crew: Crew[Goal]
    ) -> None:
        self._run, self._evaluator, self._observer, self._crew = run, evaluator, observer, crew
        self._trunks = Trunks(run)
        self._session_started = time.time()
        self._spent = 0.0  # seconds of earlier sessions
        self.records: dict[int, TrialRecord] = {}
        self.waiting: dict[int, Waiting] = {}
        self.top = len(run.config.protocol.ladder) - 1
        self.staged = run.config.pruner != "none" or run.config.race

    def recall(self) -> None:
        """Take up what earlier sessions stored, and hand out what was cut off."""
        for record in self._run.records():
            self.records[record.number] = record
        begun: dict[int, None] = {}
        for pending in self._run.unfinished():
            waiting = Waiting(task_of(pending), pending.attrs.get("bracket", 0), pending.rungs)
            self.waiting[pending.number] = waiting
            if not pending.rungs:
                begun[pending.number] = None
        self._spent = sum(record.seconds for record in self.records.values())
        self._spent += sum(rung.seconds for waiting in self.waiting.values() for rung in waiting.rungs)
        self._spent /= self._crew.workers
        self._keep_best()
        noted = self._run.notes().get(_UNSETTLED, [])
        for number, rung in noted:
            waits = self.waiting.get(number)
            if waits is None or (waits.rungs and waits.rungs[-1].rung >= rung):
                self._crew.done_already((number, rung))
            else:
                begun.pop(number, None)
                self._climb(number)
        for number in begun:  # where a kill came before the note, and where there is none
            self._climb(number)
        self._note()

    @property
    def seconds(self) -> float:
        """Spent in all sessions."""
        return self._spent + time.time() - self._session_started

    @property
    def images(self) -> int:
        """Trained on in all sessions; what is not settled counts as if it went to its end."""
        total = 0
        for record in self.records.values():
            whole = self.goal(record.number) is None
            total += record.train_images if whole else self._settled_images(record.number, record.rungs)
        total += sum(self._settled_images(n, waiting.rungs) for n, waiting in self.waiting.items())
        return total + sum(self._planned(number, rung) for number, rung in self._crew.unsettled)

    def _settled_images(self, number: int, rungs: Sequence[RungScore]) -> int:
        goal = self.goal(number)
        return sum(rung.train_images for rung in rungs if goal is None or rung.rung < goal)

    def _planned(self, number: int, rung: int) -> int:
        waiting = self.waiting.get(number)
        baseline = self.records[number].baseline if waiting is None else waiting.task.origin == "baseline"
        return self._evaluator.planned_images(rung, self._seeds(rung, baseline))

    def goal(self, number: int) -> int | None:
        """The rung that the trial is on its way to; None where all of it is settled."""
        return dict(self._crew.unsettled).get(number)

    def stored(self, number: int) -> TrialRecord:
        """The trial has ended and is in the store."""
        record = self._run.record(number)
        self.records[number] = record
        self._observer.ended(record)
        return record

    # --- trainings --------------------------------------------------------------------------------------

    def begin(self, task: Task, bracket: int) -> None:
        """Hand it out: to the first rung of its bracket, or to its end where there are none."""
        self.waiting[task.number] = Waiting(task, bracket)
        self.climb(task.number)

    def climb(self, number: int) -> None:
        """Hand it out to its next rung; at the last one under all seeds, unless they are raced for."""
        self._climb(number)
        self._note()

    def _note(self) -> None:
        if self._crew.workers > 1:
            self._run.note(_UNSETTLED, self._crew.unsettled)

    def _climb(self, number: int) -> None:
        waiting = self.waiting[number]
        before = waiting.rungs[-1].rung if waiting.rungs else None
        rung = self.top
        if self.staged:
            rung = waiting.bracket if before is None else before + 1
        seeds = self._seeds(rung, waiting.task.origin == "baseline")
        goes_on = rung < self.top and FIDELITIES.find(self._run.config.protocol.fidelity).goes_on

        def work(tell: OnEpoch) -> Evaluation:
            first = self._evaluate(
                waiting.task,
                tell,
                rung=rung,
                seeds=range(1),
                trunk=None if before is None else self._trunks.load(number, before),
                keep=(lambda state: self._trunks.save(number, rung, state)) if goes_on else None,
            )
            if seeds == 1 or first.outcome is not Outcome.FINISHED:
                return first
            task = at(waiting.task, first.lr_tried)
            return together(first, self._evaluate(task, tell, rung=rung, seeds=range(1, seeds)))

        self._hand_out(waiting.task, rung, work, self._scored if self.staged else self._ended)

    def add_seed(self, number: int) -> None:
        """One training more at the last rung."""
        waiting = self.waiting[number]
        last = waiting.rungs[-1]
        task = at(waiting.task, last.facts.get("lr_tried", ()))

        def work(tell: OnEpoch) -> Evaluation:
            return self._evaluate(task, tell, rung=last.rung, seeds=[len(last.val_accs)])

        self._hand_out(task, last.rung, work, self._seed_added)
        self._note()

    def end(self, number: int) -> None:
        """Let it go: finished where it reached the last rung, else pruned."""
        waiting = self.waiting.pop(number)
        done = waiting.rungs[-1].rung == self.top
        outcome = Outcome.FINISHED if done else Outcome.PRUNED
        reason = (
            None if done else f"others were better at rung {waiting.rungs[-1].rung + 1} of {self.top + 1}"
        )
        self._run.finish(number, {**so_far(waiting.rungs), "outcome": outcome, "reason": reason})
        self.stored(number)

    def clean(self, hopeless: set[int]) -> None:
        """Delete spare weights, and the trunks that no rung needs: of `hopeless` and of what has ended."""
        self._keep_best()
        needed = {(n, w.rungs[-1].rung) for n, w in self.waiting.items() if w.rungs and n not in hopeless}
        self._trunks.keep_only(needed | set(self._crew.unsettled))

    def _seeds(self, rung: int, baseline: bool) -> int:
        """Trainings of one candidate at a rung, until others are raced for."""
        raced = self._run.config.race and not baseline
        return 1 if rung < self.top or raced else self._run.config.protocol.seeds

    def _hand_out(
        self,
        task: Task,
        rung: int,
        work: Callable[[OnEpoch], Evaluation],
        store: Callable[[int, int, Evaluation], None],
    ) -> None:
        protocol = self._run.config.protocol
        epochs = protocol.epochs_at(rung)
        self._crew.hand_out(
            (task.number, rung),
            work,
            watch=lambda: (
                Watch(self._run, self._observer, task, protocol, epochs, self._session_started).on_epoch
            ),
            store=lambda evaluation: store(task.number, rung, evaluation),
        )

    def _evaluate(self, task: Task, tell: OnEpoch, **how: Any) -> Evaluation:
        return self._evaluator.evaluate(task.expression, task.settings, tell, **how)

    # --- what came out ----------------------------------------------------------------------------------

    def _ended(self, number: int, rung: int, evaluation: Evaluation) -> None:
        """A training without rungs."""
        if evaluation.outcome is Outcome.FINISHED:
            score = sum(evaluation.val_accs) / len(evaluation.val_accs)
            if score > max((r.val_acc or 0.0 for r in self.records.values()), default=-1.0):
                save_weights(self._run, number, evaluation.weights)
        del self.waiting[number]
        self._run.finish(number, evaluation.fields())
        self.stored(number)
        self._keep_best()

    def _scored(self, number: int, rung: int, evaluation: Evaluation) -> None:
        """A training up to a rung."""
        if evaluation.outcome is not Outcome.FINISHED:
            self._fall(number, evaluation)
            return
        if rung == self.top:
            save_weights(self._run, number, evaluation.weights)
        protocol = self._run.config.protocol
        score = RungScore(
            rung,
            protocol.ladder[rung],
            evaluation.val_accs,
            evaluation.curves,
            evaluation.seconds,
            evaluation.train_images,
            {name: getattr(evaluation, name) for name in SHARED},
        )
        self._wait(number, (*self.waiting[number].rungs, score))

    def _seed_added(self, number: int, rung: int, more: Evaluation) -> None:
        """A further training at the last rung."""
        if more.outcome is not Outcome.FINISHED:
            self._fall(number, more)
            return
        *lower, last = self.waiting[number].rungs
        whole = replace(
            last,
            val_accs=(*last.val_accs, *more.val_accs),
            curves=(*last.curves, *more.curves),
            seconds=last.seconds + more.seconds,
            train_images=last.train_images + more.train_images,
        )
        self._wait(number, (*lower, whole))

    def _wait(self, number: int, rungs: tuple[RungScore, ...]) -> None:
        record = self._run.score(number, rungs)
        self.waiting[number] = replace(self.waiting[number], rungs=rungs)
        self._observer.scored(record)

    def _fall(self, number: int, evaluation: Evaluation) -> None:
        """Its training did not finish: that is its end."""
        rungs = self.waiting.pop(number).rungs
        fields = evaluation.fields()
        for cost in ("seconds", "train_images"):
            fields[cost] += sum(getattr(rung, cost) for rung in rungs)
        self._run.finish(number, {**fields, "rungs": rungs})
        self.stored(number)

    def _keep_best(self) -> None:
        best = best_trial(self._run)
        top = {n for n, w in self.waiting.items() if w.rungs and w.rungs[-1].rung == self.top}
        keep_only(self._run, top if best is None else top | {best})


def at(task: Task, tried: Sequence[tuple[float, float | None]]) -> Task:
    """The task at the learning rate that its first seed chose from a budget."""
    return replace(task, settings={**task.settings, **tuned(tried)})


def task_of(pending: Pending) -> Task:
    """What was to be trained."""
    attrs: Mapping[str, Any] = pending.attrs
    return Task(pending.number, parse(attrs["expression"]), attrs["origin"], attrs["settings"])


def together(a: Evaluation, b: Evaluation) -> Evaluation:
    """The seeds of `a` and then those of `b`; how `b` ended is how both did."""
    return replace(
        b,
        val_accs=a.val_accs + b.val_accs,
        curves=a.curves + b.curves,
        seconds=a.seconds + b.seconds,
        train_images=a.train_images + b.train_images,
        lr_tried=a.lr_tried + b.lr_tried,
        weights=a.weights,
    )
