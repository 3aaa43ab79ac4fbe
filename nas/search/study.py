"""The loop of a search: propose, screen, train, store; begun anew, it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.errors import ExpressionError
from nas.evaluation.objective import Evaluator
from nas.evaluation.screening import reason_to_screen
from nas.evaluation.tasks import TaskEvaluator
from nas.outcomes import Outcome
from nas.rows.optimizers import OPTIMIZERS
from nas.rules.members import recognized
from nas.rules.rule import read
from nas.runs.records import Origin
from nas.runs.store import Run
from nas.search.crew import Crew
from nas.search.ladder import Ladder
from nas.search.proposals import HOPELESS_IN_A_ROW, Known, Proposal, Proposals
from nas.search.samplers import library as samplers
from nas.search.trials import Goal, Trials
from nas.search.watch import Observer, Task
from nas.spaces.candidate import UndefinedCandidate
from nas.spaces.decisions import Choice, Dimension
from nas.spaces.listing import random_draws
from nas.spaces.space import SearchSpace
from nas.symbolic.expression import Expression
from nas.symbolic.naming import name_of
from nas.symbolic.parse import parse

Ending = Literal["trials", "time", "images", "exhausted", "hopeless"]

RACE_SHARE = 0.3  #: of a budget of time or images, kept for the race where there is one


class Search:
    """Fills `run` up to its budget.

    space      None where only the run's own expressions are trained
    net_score  of a network without training, where the space screens by it
    """

    def __init__(
        self,
        run: Run,
        space: SearchSpace | None,
        evaluator: Evaluator | TaskEvaluator,
        observer: Observer,
        net_score: Callable[[str], float] | None = None,
    ) -> None:
        self._run, self._evaluator, self._observer = run, evaluator, observer
        self._config = run.config
        self._known = Known(self._config.protocol)
        self._net_score, self._least_score = net_score, None if space is None else space.least_score
        self._sampler = self._proposals = None
        run.study()  # made, and Optuna silenced, before a sampler makes a study of its own
        self._crew: Crew[Goal] = Crew(self._config.workers, self._config.threads_each)
        self._trials = Trials(run, evaluator, observer, self._crew)
        self._ladder = Ladder(self._config, self._trials)
        if space is not None:
            seed = self._config.protocol.seed
            self._sampler = samplers.make(self._config.sampler, space, seed)
            walk = self._config.sampler == "exhaustive"
            if self._config.sampler == "random":
                observer.notice(f"random proposals are {random_draws(space)}")
            self._proposals = Proposals(space, self._sampler, self._known, seed, walk)

    def go(self) -> Ending:
        """Train until the budget is spent or nothing is left to try; which of these it was."""
        with self._crew:
            self._recall()
            given = [*self._config.baselines, *self._config.own]
            self._evaluator.prepare(parse(text) for text in given)
            for name in self._config.baselines:
                self._given(parse(name), "baseline")
            for text in self._config.own:
                self._settle()
                if (ending := self._over()) is not None:
                    break
                self._given(parse(text), "own")
            else:
                ending = self._explore()
            self._close()
        return ending

    def _recall(self) -> None:
        """Take up what earlier sessions stored, and train what was cut off."""
        trials = self._trials
        trials.recall()
        for record in trials.records.values():
            if record.complexity == 0:  # stored without a meaning
                self._known.add_undefined(record.expression)
            else:
                self._known.add(parse(record.expression), record.settings, record.number)
        for waiting in trials.waiting.values():
            self._known.add(waiting.task.expression, waiting.task.settings, waiting.task.number)
        if self._sampler is not None:
            proposed = self._run.study().get_trials(deepcopy=False)
            self._sampler.resume([trial for trial in proposed if trial.params])
        numbers = sorted([*trials.records, *trials.waiting])
        self._learn(*numbers)
        for number in numbers:
            if trials.goal(number) is None:
                self._lift(number)

    def _learn(self, *numbers: int) -> None:
        """Tell the sampler of trials that it could have proposed."""
        if self._sampler is not None:
            trials = self._run.study().get_trials(deepcopy=False)
            found = [_as_told(trials[n], self._trials.goal(n)) for n in numbers]
            self._sampler.tell([told for told in found if told is not None])

    def _settle(self, most: int | None = None) -> None:
        """Take up what was trained, until `most` are unsettled; None: as many as the crew needs."""
        for number, _ in self._crew.settled(self._crew.lag if most is None else most):
            self._learn(number)
            self._lift(number)

    def _lift(self, number: int) -> None:
        """A baseline goes from rung to rung without asking."""
        waiting = self._trials.waiting.get(number)
        if waiting is None or waiting.task.origin != "baseline":
            return
        if waiting.rungs[-1].rung == self._trials.top:
            self._trials.end(number)
        else:
            self._trials.climb(number)

    # --- budget -----------------------------------------------------------------------------------------

    def _over(self) -> Ending | None:
        """Why nothing new begins any more."""
        if self._config.trials is not None and self._begun() >= self._config.trials:
            return "trials"
        return self._spent(1 - RACE_SHARE if self._config.race else 1.0)

    def _settled_over(self) -> Ending | None:
        self._settle()
        return self._over()

    def _begun(self) -> int:
        """Candidates in training or trained, baselines aside."""
        ended = [r for r in self._trials.records.values() if r.outcome is not Outcome.SCREENED]
        waiting = [w for w in self._trials.waiting.values() if w.task.origin != "baseline"]
        return sum(not record.baseline for record in ended) + len(waiting)

    def _spent(self, share: float = 1.0) -> Ending | None:
        """Which budget is spent to this share, where trainings may no longer go on either."""
        config = self._config
        if config.time_seconds is not None and self._trials.seconds >= share * config.time_seconds:
            return "time"
        if config.images is not None and self._trials.images >= share * config.images:
            return "images"
        return None

    # --- what to try ------------------------------------------------------------------------------------

    def _given(self, expression: Expression, origin: Origin) -> None:
        """A baseline or an expression of the user's, unless it has been met."""
        self._settle()
        known = self._known.find(expression, {})
        if known is not None:
            if origin == "own" and not self._is_own(known):
                self._observer.notice(f"{expression.text} is the same function as trial {known}")
            return
        reason = reason_to_screen(expression) if origin == "own" else None
        fields = self._fields(expression, origin, {})
        if reason is not None:
            self._observer.notice(f"{expression.text} is not worth training: {reason}")
            number = self._run.add_screened({}, {}, fields, reason)
            self._known.add(expression, {}, number)
            self._store(number)
            return
        self._begin(expression, origin, {}, {}, fields)

    def _is_own(self, number: int) -> bool:
        record, waiting = self._trials.records.get(number), self._trials.waiting.get(number)
        return (record is not None and record.origin == "own") or (
            waiting is not None and waiting.task.origin == "own"
        )

    def _explore(self) -> Ending:
        """The sampler's proposals, to the end of the budget; whoever may go on goes first."""
        hopeless_ones = 0
        while (ending := self._settled_over()) is None:
            if self._ladder.promote(closing=False) is not None:
                continue
            proposal = None if self._proposals is None else self._proposals.next(len(self._run_numbers()))
            if proposal is None:
                return "exhausted"
            hopeless_ones = 0 if self._take(proposal) else hopeless_ones + 1
            if hopeless_ones >= HOPELESS_IN_A_ROW:
                return "hopeless"
        return ending

    def _run_numbers(self) -> set[int]:
        return {*self._trials.records, *self._trials.waiting}

    def _take(self, proposal: Proposal) -> bool:
        """Hand it out, or store why not; whether it is trained."""
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
            self._store(self._run.add_screened(decisions, distributions, fields, str(proposal.reason)))
            return False
        fields = self._fields(candidate.activation, "sampler", candidate.settings, proposal.equal)
        reason = proposal.reason or self._weak(fields)
        if reason is None:
            self._begin(candidate.activation, "sampler", decisions, distributions, fields)
            return True
        number = self._run.add_screened(decisions, distributions, fields, reason)
        self._known.add(candidate.activation, candidate.settings, number)
        self._store(number)
        return False

    def _weak(self, fields: dict[str, Any]) -> str | None:
        """Why the network is not worth training by its score without training, which goes into `fields`."""
        least = self._least_score
        if least is None or self._net_score is None:
            return None
        net = fields["settings"].get("net", self._config.protocol.net)
        found = fields["net_score"] = self._net_score(net)
        return None if found >= least else f"network: score {found:.2f} without training is below {least:g}"

    def _fields(
        self, expression: Expression, origin: Origin, settings: Mapping[str, Any], equal: int = 0
    ) -> dict[str, Any]:
        return {
            "expression": expression.text,
            "name": _rule_name(settings.get("optimizer")) or name_of(expression),
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
        bracket = self._ladder.next_bracket() if origin != "baseline" else 0
        number = self._run.begin(decisions, distributions, {**fields, "bracket": bracket})
        self._known.add(expression, fields["settings"], number)
        self._trials.begin(Task(number, expression, origin, fields["settings"]), bracket)

    def _store(self, number: int) -> None:
        self._trials.stored(number)
        self._learn(number)

    def _close(self) -> None:
        """Once nothing new begins: promotions that are due, the race, and an end for all that wait."""
        self._settle()
        while self._spent() is None:
            unsettled = len(self._crew.unsettled)
            if self._ladder.promote(closing=unsettled == 0) is not None:
                self._settle()
            elif unsettled > 0:
                self._settle(unsettled - 1)
            else:
                break
        self._settle(0)
        while self._spent() is None and self._ladder.race():
            self._settle(0)
        self._ladder.end()


def _rule_name(optimizer: str | None) -> str | None:
    """The name of an update rule that was put together and is one of the known; None for any other."""
    if optimizer is None or optimizer in OPTIMIZERS:
        return None
    try:
        found = recognized(read(optimizer))
    except ExpressionError:
        return None
    return None if found is None else found.member.title


def _as_told(trial: FrozenTrial, goal: int | None) -> FrozenTrial | None:
    """What a sampler learns from: an ended trial, or one that waits, as if it had been pruned there.

    goal  the rung that it is on its way to: what happens there is not known yet
    """
    if not trial.params:
        return None
    if goal is None and trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
        return trial
    settled = {r: v for r, v in trial.intermediate_values.items() if goal is None or r < goal}
    if not settled or (goal is None and trial.state is not TrialState.RUNNING):
        return None
    told = create_trial(
        state=TrialState.PRUNED,
        params=trial.params,
        distributions=trial.distributions,
        intermediate_values=settled,
    )
    told.number = trial.number
    return told


def _distributions(dimensions: Mapping[str, Dimension]) -> dict[str, BaseDistribution]:
    """Optuna's word for what could have been decided."""
    return {
        name: CategoricalDistribution(d.options)
        if isinstance(d, Choice)
        else FloatDistribution(d.low, d.high, log=d.log)
        for name, d in dimensions.items()
    }
