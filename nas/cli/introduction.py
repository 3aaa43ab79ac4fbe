"""What a search says before it begins: what will be done, under which budget, and about how long it takes."""

from __future__ import annotations

from rich.console import Console

from nas.evaluation.objective import Evaluator
from nas.evaluation.tasks import TaskEvaluator
from nas.outcomes import Outcome
from nas.rows.pruners import FIDELITIES
from nas.runs.config import RunConfig
from nas.runs.store import Run
from nas.search.ladder import expected_share
from nas.spaces.space import SearchSpace
from nas.terminal.text import duration


def introduce(
    screen: Console, run: Run, space: SearchSpace | None, evaluator: Evaluator | TaskEvaluator
) -> None:
    """What will be done, and about how long it takes."""
    config, protocol = run.config, run.config.protocol
    if space is not None:
        size = space.size()
        writings = "endless" if size is None else f"{size:,} writings"
        screen.print(f"space    {space.file.name}: {space.file.summary} ({writings})")
    screen.print(_scored_on(config, evaluator))
    done = [r for r in run.records() if r.outcome is not Outcome.SCREENED]
    total = planned(config)
    if total is None:
        screen.print(f"budget   {_budget(config)}, sampler {config.sampler}")
    else:
        left = max(total - len(done), 0)
        seconds = evaluator.estimated_seconds(left * expected_share(config)) / config.workers
        own = f"{_count(config.trials or 0, 'candidate')}, sampler {config.sampler}"
        extra = f" and {len(config.baselines)} baselines" if config.baselines else ""
        already = f"; {len(done)} done" if done else ""
        screen.print(f"budget   {own}{extra}{already}; about {duration(seconds)} at the speed of ReLU")
    if config.pruner != "none":
        screen.print(f"rungs    {_rungs(config)}")
    if config.race:
        screen.print(f"race     up to {protocol.seeds} seeds for those that may still be best")
    screen.print(f"run      {run.name}\n")


def _budget(config: RunConfig) -> str:
    parts = [] if config.time_seconds is None else [duration(config.time_seconds)]
    parts += [] if config.images is None else [f"{config.images:,} training images"]
    return " or ".join(parts)


def _rungs(config: RunConfig) -> str:
    """How candidates are thinned out, in words."""
    protocol = config.protocol
    values = ", ".join(f"{value:,}" for value in protocol.rungs)
    words = f"{config.pruner} over {protocol.fidelity} {values}: 1 of {config.reduction} goes on"
    return words if FIDELITIES.find(protocol.fidelity).goes_on else f"{words}, each rung trains anew"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def planned(config: RunConfig) -> int | None:
    """Trainings of the whole budget, baselines included."""
    if config.trials is None:
        return None
    return config.trials + len(config.baselines)


def expected_images(config: RunConfig) -> float | None:
    """Training images of the whole budget of a search with a pruner; None where all trials cost the same."""
    protocol = config.protocol
    if config.pruner == "none" or config.trials is None or protocol.train_size is None:
        return None
    full = protocol.epochs * protocol.train_size
    return full * (config.trials * expected_share(config) + len(config.baselines))


def _scored_on(config: RunConfig, evaluator: Evaluator | TaskEvaluator) -> str:
    """Data and network, or the task."""
    protocol = config.protocol
    if isinstance(evaluator, TaskEvaluator):
        return f"task     {protocol.task}: {protocol.epochs:,} evaluations for each learning rate"
    data = evaluator.data
    return (
        f"data     {protocol.data}: {data.n_train:,} training and {data.n_val:,} validation images\n"
        f"network  {protocol.net}, width {protocol.width}, {_count(protocol.epochs, 'epoch')}, "
        f"{_count(protocol.seeds, 'seed')} each, {config.device} with {_machine(config)}"
    )


def _machine(config: RunConfig) -> str:
    """Threads, and how many trainings share them."""
    threads = _count(config.threads, "thread")
    return threads if config.workers == 1 else f"{threads}, {config.workers} trainings side by side"
