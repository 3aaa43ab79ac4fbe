"""The loop of a search: propose, screen, train, store; begun anew, it goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from nas.evaluation.checkpoint import best_trial, keep_only, save_weights
from nas.evaluation.objective import Evaluation, Evaluator
from nas.evaluation.screening import reason_to_screen
from nas.outcomes import Epoch, Outcome
from nas.runs.progress import Progress
from nas.runs.records import Origin, TrialRecord
from nas.runs.store import Run
from nas.search.proposals import HOPELESS_IN_A_ROW, Known, Proposal, Proposals
from nas.search.samplers import library as samplers
from nas.spaces.candidate import UndefinedCandidate
from nas.spaces.decisions import Choice, Dimension
from nas.spaces.listing import random_draws
from nas.spaces.space import SearchSpace
from nas.symbolic.expression import Expression
from nas.symbolic.naming import name_of
from nas.symbolic.parse import parse

#: trained first in every search, under the same budget; names of the catalogue
BASELINES = ("relu", "leaky_relu", "elu", "gelu", "swish", "mish")

Ending = Literal["trials", "time", "exhausted", "hopeless"]


class Observer(Protocol):
    """Who watches a search."""

    def epoch(self, progress: Progress) -> None:
        """A trial began or one of its epochs ended; called often."""

    def ended(self, record: TrialRecord) -> None:
        """A trial ended and is stored."""

    def notice(self, text: str) -> None:
        """Something a person should know."""


@dataclass(frozen=True)
class _Task:
    """A trial that has a number and waits to be trained."""

    number: int
    expression: Expression
    origin: Origin
    settings: Mapping[str, Any]


class Search:
    """Fills `run` up to its budget; `space` is None where only the run's own expressions are trained."""

    def __init__(self, run: Run, space: SearchSpace | None, evaluator: Evaluator, observer: Observer) -> None:
        self._run, self._evaluator, self._observer = run, evaluator, observer
        self._config = run.config
        self._session_started = time.time()
        self._known = Known()
        self._records: dict[int, TrialRecord] = {}
        self._spent = 0.0  # seconds of earlier sessions
        self._sampler = self._proposals = None
        run.study()  # made, and Optuna silenced, before a sampler makes a study of its own
        if space is not None:
            seed = self._config.protocol.seed
            self._sampler = samplers.make(self._config.sampler, space, seed)
            walk = self._config.sampler == "exhaustive"
            if self._config.sampler == "random":
                observer.notice(f"random proposals are {random_draws(space)}")
            self._proposals = Proposals(space, self._sampler, self._known, seed, walk)

    def go(self) -> Ending:
        """Train until the budget is spent or nothing is left to try; which of these it was."""
        self._recall()
        for pending in self._run.unfinished():
            self._train(_task(pending.number, pending.attrs))
        given = [*(BASELINES if self._config.baselines else ()), *self._config.own]
        self._evaluator.prepare(parse(text) for text in given)
        if self._config.baselines:
            for name in BASELINES:
                self._given(parse(name), "baseline")
        for text in self._config.own:
            if (ending := self._over()) is not None:
                return ending
            self._given(parse(text), "own")
        return self._explore()

    def _recall(self) -> None:
        """Take up what earlier sessions stored."""
        for record in self._run.records():
            self._records[record.number] = record
            self._remember(record.number, record.expression, record.settings)
            self._spent += record.seconds
        self._learn(*self._records)
        keep_only(self._run, best_trial(self._run))
        for pending in self._run.unfinished():
            self._remember(pending.number, pending.attrs["expression"], pending.attrs["settings"])

    def _remember(self, number: int, expression: str, settings: Mapping[str, Any]) -> None:
        record = self._records.get(number)
        if record is not None and record.complexity == 0:  # stored without a meaning
            self._known.add_undefined(expression)
        else:
            self._known.add(parse(expression), settings, number)

    def _learn(self, *numbers: int) -> None:
        """Tell the sampler of trials that it could have proposed."""
        if self._sampler is not None:
            trials = self._run.study().get_trials(deepcopy=False)
            ended = (TrialState.COMPLETE, TrialState.PRUNED)
            self._sampler.tell([trials[n] for n in numbers if trials[n].params and trials[n].state in ended])

    # --- budget -----------------------------------------------------------------------------------------

    def _over(self) -> Ending | None:
        trained = [r for r in self._records.values() if r.outcome is not Outcome.SCREENED and not r.baseline]
        if self._config.trials is not None and len(trained) >= self._config.trials:
            return "trials"
        seconds = self._spent + time.time() - self._session_started
        if self._config.time_seconds is not None and seconds >= self._config.time_seconds:
            return "time"
        return None

    # --- what to try ------------------------------------------------------------------------------------

    def _given(self, expression: Expression, origin: Origin) -> None:
        """A baseline or an expression of the user's, unless it has been met."""
        known = self._known.find(expression, {})
        if known is not None:
            if origin == "own" and (known not in self._records or self._records[known].origin != "own"):
                self._observer.notice(f"{expression.text} is the same function as trial {known}")
            return
        reason = reason_to_screen(expression) if origin == "own" else None
        fields = self._fields(expression, origin, {})
        if reason is not None:
            self._observer.notice(f"{expression.text} is not worth training: {reason}")
            number = self._run.add_screened({}, {}, fields, reason)
            self._known.add(expression, {}, number)
            self._stored(number)
            return
        self._begin(expression, origin, {}, {}, fields)

    def _explore(self) -> Ending:
        """The sampler's proposals, to the end of the budget."""
        hopeless = 0
        while (ending := self._over()) is None:
            proposal = None if self._proposals is None else self._proposals.next(len(self._records))
            if proposal is None:
                return "exhausted"
            hopeless = hopeless + 1 if proposal.reason is not None else 0
            self._take(proposal)
            if hopeless >= HOPELESS_IN_A_ROW:
                return "hopeless"
        return ending

    def _take(self, proposal: Proposal) -> None:
        candidate = proposal.candidate
        decisions, distributions = dict(candidate.decisions), _distributions(candidate.dimensions)
        if isinstance(candidate, UndefinedCandidate):
            fields: dict[str, Any] = {
                "expression": candidate.writing,
                "name": None,
                "complexity": 0,
                "origin": "sampler",
                "settings": dict(candidate.settings),
                "equal_proposals": proposal.equal,
            }
            self._known.add_undefined(candidate.writing)
            self._stored(self._run.add_screened(decisions, distributions, fields, str(proposal.reason)))
            return
        fields = self._fields(candidate.activation, "sampler", candidate.settings, proposal.equal)
        if proposal.reason is None:
            self._begin(candidate.activation, "sampler", decisions, distributions, fields)
        else:
            number = self._run.add_screened(decisions, distributions, fields, proposal.reason)
            self._known.add(candidate.activation, candidate.settings, number)
            self._stored(number)

    def _fields(
        self, expression: Expression, origin: Origin, settings: Mapping[str, Any], equal: int = 0
    ) -> dict[str, Any]:
        return {
            "expression": expression.text,
            "name": name_of(expression),
            "complexity": expression.complexity,
            "origin": origin,
            "settings": dict(settings),
            "epochs": self._config.protocol.epochs,
            "equal_proposals": equal,
        }

    # --- one trial --------------------------------------------------------------------------------------

    def _begin(
        self,
        expression: Expression,
        origin: Origin,
        decisions: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        fields: Mapping[str, Any],
    ) -> None:
        number = self._run.begin(decisions, distributions, fields)
        self._known.add(expression, fields["settings"], number)
        self._train(_Task(number, expression, origin, fields["settings"]))

    def _train(self, task: _Task) -> None:
        """Weights are on the disk before the score is: a kill between the two only trains once more."""
        watch = _Watch(self._run, self._observer, task, self._config.protocol, self._session_started)
        evaluation = self._evaluator.evaluate(task.expression, task.settings, watch.on_epoch)
        self._save_if_best(task.number, evaluation)
        self._run.finish(task.number, evaluation.fields())
        self._stored(task.number)
        keep_only(self._run, best_trial(self._run))

    def _save_if_best(self, number: int, evaluation: Evaluation) -> None:
        if evaluation.outcome is Outcome.FINISHED:
            score = sum(evaluation.val_accs) / len(evaluation.val_accs)
            best = max((r.val_acc or 0.0 for r in self._records.values()), default=-1.0)
            if score > best:
                save_weights(self._run, number, evaluation.weights)

    def _stored(self, number: int) -> None:
        record = next(r for r in reversed(self._run.records()) if r.number == number)
        self._records[number] = record
        self._learn(number)
        self._observer.ended(record)


class _Watch:
    """Turns the epochs of one trial into progress, in the run folder and for the observer."""

    def __init__(
        self, run: Run, observer: Observer, task: _Task, protocol: Any, session_started: float
    ) -> None:
        self._run, self._observer, self._task = run, observer, task
        self._protocol, self._session_started = protocol, session_started
        self._started = self._last = time.time()
        self._images = 0
        self._say(0, 0, None)

    def on_epoch(self, index: int, epoch: Epoch) -> None:
        """An epoch of training number `index` ended."""
        self._say(index, epoch.number, epoch)

    def _say(self, index: int, number: int, epoch: Epoch | None) -> None:
        task, now = self._task, time.time()
        progress = Progress(
            trial=task.number,
            expression=task.expression.text,
            name=name_of(task.expression),
            origin=task.origin,
            seed_index=index,
            seeds=self._protocol.seeds,
            epoch=number,
            epochs=self._protocol.epochs,
            images_per_second=None,
            val_acc=None if epoch is None else epoch.val_acc,
            started=self._started,
            session_started=self._session_started,
            updated=now,
        )
        self._run.set_progress(progress)
        self._observer.epoch(progress)


def _task(number: int, attrs: Mapping[str, Any]) -> _Task:
    return _Task(number, parse(attrs["expression"]), attrs["origin"], attrs["settings"])


def _distributions(dimensions: Mapping[str, Dimension]) -> dict[str, BaseDistribution]:
    """Optuna's word for what could have been decided."""
    return {
        name: CategoricalDistribution(d.options)
        if isinstance(d, Choice)
        else FloatDistribution(d.low, d.high, log=d.log)
        for name, d in dimensions.items()
    }
