"""The trials of a run while a search goes on: trained, scored rung by rung, ended; all of it on the disk."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nas.evaluation.checkpoint import best_trial, keep_only, save_weights
from nas.evaluation.objective import SHARED, Evaluation, Evaluator
from nas.evaluation.tasks import TaskEvaluator
from nas.evaluation.trunks import Trunks
from nas.outcomes import Outcome
from nas.rows.pruners import FIDELITIES
from nas.runs.records import Pending, RungScore, TrialRecord, so_far, tuned
from nas.runs.store import Run
from nas.search.watch import Observer, Task, Watch
from nas.symbolic.parse import parse


@dataclass(frozen=True)
class Waiting:
    """A trial that may go on to a further rung or seed."""

    task: Task
    bracket: int
    rungs: tuple[RungScore, ...] = ()


class Trials:
    """Trains the trials of `run`; `records` has those that ended, `waiting` those that may go on.

    Weights and trunks are on the disk before the score is: a kill between the two only trains once more.
    """

    def __init__(self, run: Run, evaluator: Evaluator | TaskEvaluator, observer: Observer) -> None:
        self._run, self._evaluator, self._observer = run, evaluator, observer
        self._trunks = Trunks(run)
        self._session_started = time.time()
        self._spent = 0.0  # seconds of earlier sessions
        self.records: dict[int, TrialRecord] = {}
        self.waiting: dict[int, Waiting] = {}
        self.cut_off: list[Pending] = []  #: begun in an earlier session and never scored
        self.top = len(run.config.protocol.ladder) - 1
        self.staged = run.config.pruner != "none" or run.config.race

    def recall(self) -> None:
        """Take up what earlier sessions stored."""
        for record in self._run.records():
            self.records[record.number] = record
        for pending in self._run.unfinished():
            if pending.rungs:
                bracket = pending.attrs.get("bracket", 0)
                self.waiting[pending.number] = Waiting(task_of(pending), bracket, pending.rungs)
            else:
                self.cut_off.append(pending)
        self._spent = sum(record.seconds for record in self.records.values())
        self._spent += sum(rung.seconds for waiting in self.waiting.values() for rung in waiting.rungs)
        self._keep_best()

    @property
    def seconds(self) -> float:
        """Spent in all sessions."""
        return self._spent + time.time() - self._session_started

    @property
    def images(self) -> int:
        """Trained on in all sessions, by everything that was stored."""
        ended = sum(record.train_images for record in self.records.values())
        return ended + sum(r.train_images for waiting in self.waiting.values() for r in waiting.rungs)

    def stored(self, number: int) -> TrialRecord:
        """The trial has ended and is in the store."""
        record = self._run.record(number)
        self.records[number] = record
        self._observer.ended(record)
        return record

    # --- trainings --------------------------------------------------------------------------------------

    def train(self, task: Task) -> None:
        """From the start to the end, under all seeds."""
        evaluation = self._evaluate(task, rung=self.top, seeds=range(self._run.config.protocol.seeds))
        if evaluation.outcome is Outcome.FINISHED:
            score = sum(evaluation.val_accs) / len(evaluation.val_accs)
            if score > max((r.val_acc or 0.0 for r in self.records.values()), default=-1.0):
                save_weights(self._run, task.number, evaluation.weights)
        self._run.finish(task.number, evaluation.fields())
        self.stored(task.number)
        self._keep_best()

    def enter(self, task: Task, bracket: int) -> None:
        """Train to the first rung of its bracket, where it waits."""
        self.waiting[task.number] = Waiting(task, bracket)
        self.climb(task.number)

    def climb(self, number: int) -> None:
        """On to the next rung; at the last one under all seeds, unless they are raced for."""
        waiting = self.waiting[number]
        before = waiting.rungs[-1].rung if waiting.rungs else None
        rung = waiting.bracket if before is None else before + 1
        raced = self._run.config.race and waiting.task.origin != "baseline"
        seeds = 1 if rung < self.top or raced else self._run.config.protocol.seeds
        trunk = None if before is None else self._trunks.load(number, before)
        goes_on = rung < self.top and FIDELITIES.find(self._run.config.protocol.fidelity).goes_on
        first = self._evaluate(
            waiting.task,
            rung=rung,
            seeds=range(1),
            trunk=trunk,
            keep=(lambda state: self._trunks.save(number, rung, state)) if goes_on else None,
        )
        if rung == self.top and first.outcome is Outcome.FINISHED:
            save_weights(self._run, number, first.weights)
        if seeds > 1 and first.outcome is Outcome.FINISHED:
            rest = self._evaluate(at(waiting.task, first.lr_tried), rung=rung, seeds=range(1, seeds))
            first = together(first, rest)
        self._score(number, rung, first)

    def add_seed(self, number: int) -> None:
        """One training more at the last rung."""
        waiting = self.waiting[number]
        last = waiting.rungs[-1]
        task = at(waiting.task, last.facts.get("lr_tried", ()))
        more = self._evaluate(task, rung=last.rung, seeds=[len(last.val_accs)])
        if more.outcome is not Outcome.FINISHED:
            self._fall(number, more)
            return
        whole = replace(
            last,
            val_accs=(*last.val_accs, *more.val_accs),
            curves=(*last.curves, *more.curves),
            seconds=last.seconds + more.seconds,
            train_images=last.train_images + more.train_images,
        )
        self._wait(number, (*waiting.rungs[:-1], whole))

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
        self._trunks.keep_only(
            {(n, w.rungs[-1].rung) for n, w in self.waiting.items() if w.rungs and n not in hopeless}
        )

    def _evaluate(self, task: Task, *, rung: int, seeds: Any, **more: Any) -> Evaluation:
        protocol = self._run.config.protocol
        epochs = protocol.rungs[rung] if protocol.at(rung).rungs else protocol.epochs
        watch = Watch(self._run, self._observer, task, protocol, epochs, self._session_started)
        return self._evaluator.evaluate(
            task.expression, task.settings, watch.on_epoch, rung=rung, seeds=seeds, **more
        )

    def _score(self, number: int, rung: int, evaluation: Evaluation) -> None:
        if evaluation.outcome is not Outcome.FINISHED:
            self._fall(number, evaluation)
            return
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
