"""A search as it runs, drawn from its store: progress, speed, the candidate in training, the hall of fame."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from nas.analysis.leaderboard import hall_of_fame
from nas.outcomes import Outcome
from nas.runs.progress import Progress
from nas.runs.records import TrialRecord
from nas.terminal.canvas import BEST, DIM, FIRST, HEADING, Canvas, Column, Drawing, Part
from nas.terminal.leaderboard import outcome_words
from nas.terminal.plot import sparkline
from nas.terminal.text import clean, duration, formula, percent, settings_words, short_duration, spread

Shape = Callable[[str], Sequence[float]]  #: an expression -> its values over the x that is drawn

_GRAPH = 10  #: cells of the small graph
_AROUND = 9  #: lines of the view besides the rows of the hall of fame


@dataclass(frozen=True)
class Session:
    """What one process does with a run; times are seconds since 1970."""

    run: str
    summary: tuple[str, ...]  #: a few facts for the heading: space, data, network, sampler
    started: float
    trials: int | None = None  #: trained trials when the budget is spent, baselines included; None: by time
    seconds: float | None = None  #: of this session
    trials_before: int = 0  #: trained before this session, when a run is resumed
    images: float | None = None  #: expected in all where trials differ in cost, as with a pruner
    images_before: int = 0  #: trained on before this session


@dataclass(frozen=True)
class Pace:
    """How far a session is and how fast it goes. None: not known yet."""

    done: float  #: trained trials, those in training as fractions
    share: float | None  #: of the budget, 0 to 1
    seconds_left: float | None
    trials_per_hour: float | None
    images_per_second: float | None


def pace(session: Session, records: Sequence[TrialRecord], training: Sequence[Progress], now: float) -> Pace:
    """The state of the budget at `now`, from what this session alone has done."""
    trained = [record for record in records if record.outcome is not Outcome.SCREENED]
    done = len(trained) + sum(map(_fraction, training))
    elapsed = max(now - session.started, 0.0)
    gained = done - session.trials_before
    per_second = gained / elapsed if gained > 0 and elapsed > 0 else None
    shares, waits = [], []
    if session.images is not None:
        paid = sum(record.train_images for record in trained)
        shares.append(min(paid / session.images, 0.99))
        if paid > session.images_before:
            waits.append(max(session.images - paid, 0) * elapsed / (paid - session.images_before))
    elif session.trials is not None:
        shares.append(done / session.trials if session.trials else 1.0)
        if per_second:
            waits.append(max(session.trials - done, 0.0) / per_second)
    if session.seconds is not None:
        shares.append(elapsed / session.seconds if session.seconds else 1.0)
        waits.append(max(session.seconds - elapsed, 0.0))
    return Pace(
        done=done,
        share=min(max(shares), 1.0) if shares else None,
        seconds_left=min(waits) if waits else None,
        trials_per_hour=3600 * per_second if per_second else None,
        images_per_second=_images_per_second(trained[session.trials_before :], elapsed),
    )


def search(
    session: Session,
    records: Sequence[TrialRecord],
    training: Sequence[Progress],
    now: float,
    *,
    shape: Shape | None = None,
) -> Drawing:
    """The live view: heading, bar, speed, candidate in training, best of each complexity.

    Args:
        records: all trials of the run so far, oldest first.
        training: what is in training, the one last heard of at the end; none between two trials.
        now: seconds since 1970.
        shape: values of an expression for its small graph; no graph without it.
    """

    def draw(canvas: Canvas) -> RenderableType:
        state = pace(session, records, training, now)
        parts: list[RenderableType] = [
            canvas.line((session.run, HEADING), "   ", (" · ".join(session.summary), DIM)),
            "",
            _bar(canvas, session, state),
            _speed(canvas, state, records),
            *_candidates(canvas, training),
            "",
        ]
        famous = hall_of_fame(records)
        if not famous:
            return Group(*parts, canvas.line(("the hall of fame opens with the first finished trial", DIM)))
        room = max(canvas.height - _AROUND, 3)
        return Group(*parts, canvas.table(_hall(canvas, famous[-room:], shape)))

    return Drawing(draw)


def hall(records: Sequence[TrialRecord], *, shape: Shape | None = None) -> Drawing:
    """The hall of fame by itself, for the end of a search."""

    def draw(canvas: Canvas) -> RenderableType:
        famous = hall_of_fame(records)
        if not famous:
            return canvas.line(("no trial has finished", DIM))
        return canvas.table(_hall(canvas, famous, shape))

    return Drawing(draw)


def plain_line(
    record: TrialRecord, best: float | None, done: int, total: int | None, *, unicode: bool = True
) -> str:
    """One line for a trial that has ended, for pipes and logs: no color, no control characters.

    Args:
        best: val_acc of the best finished trial so far, this one included.
        done: trained trials so far, this one included; `total` of them are planned, None without a plan.
    """
    canvas = Canvas(10_000, 1, unicode)
    place = f"[{done}]" if total is None else f"[{done:>{len(str(total))}}/{total}]"
    words = f"{place} trial {record.number}  {_result(record)}"
    if best is not None:
        words += f"  best {percent(best)} %"
    return canvas.say(f"{words}  {duration(record.seconds)}  {_candidate_words(record)}")


def _candidate_words(record: TrialRecord) -> str:
    """Name, formula and settings."""
    name = f"{clean(record.name)}: " if record.name else ""
    return " ".join(filter(None, (f"{name}{formula(record.expression)}", settings_words(record.settings))))


def rung_line(record: TrialRecord, rungs: int, *, unicode: bool = True) -> str:
    """One line for a trial that was scored at a rung, of `rungs`, and waits there."""
    last = record.rungs[-1]
    words = f"   trial {record.number}  rung {last.rung + 1} of {rungs}  {percent(last.val_acc)} %"
    seeds = f" (n={record.n_seeds})" if record.n_seeds > 1 else ""
    canvas = Canvas(10_000, 1, unicode)
    return canvas.say(f"{words}{seeds}  {duration(last.seconds)}  {_candidate_words(record)}")


def _result(record: TrialRecord) -> str:
    if record.outcome is Outcome.FINISHED:
        deviation = f" {spread(record.val_acc_std)}" if record.val_acc_std is not None else ""
        return f"{percent(record.val_acc)}{deviation} % (n={record.n_seeds})"
    return f"{record.outcome}: {record.reason}" if record.reason else str(record.outcome)


def _fraction(progress: Progress) -> float:
    """The share of a candidate in training that is done."""
    if progress.seeds < 1 or progress.epochs < 1:
        return 0.0
    return min((progress.seed_index + progress.epoch / progress.epochs) / progress.seeds, 1.0)


def _images_per_second(trained: Sequence[TrialRecord], elapsed: float) -> float | None:
    """Training images of this session by the clock; None before its first trial has ended."""
    paid = sum(record.train_images for record in trained)
    return paid / elapsed if paid and elapsed > 0 else None


def _bar(canvas: Canvas, session: Session, state: Pace) -> Text:
    of = f" of {session.trials}" if session.trials is not None else ""
    left = "" if state.seconds_left is None else f"{duration(state.seconds_left)} left"
    done = f"{int(state.done)}{of} trials"
    share = "" if state.share is None else f"{100 * state.share:.0f} %"
    words = "   ".join(filter(None, (done, share, left)))
    if state.share is None:
        return canvas.line(words)
    room = canvas.width - len(words) - 3
    if room < 8:
        return canvas.line(words)
    full = int(state.share * room)
    solid, rest = ("━", "─") if canvas.unicode else ("#", "-")
    return canvas.line((solid * full, FIRST), (rest * (room - full), DIM), f"   {words}")


def _speed(canvas: Canvas, state: Pace, records: Sequence[TrialRecord]) -> Text:
    parts: list[Part] = []
    if state.trials_per_hour is not None:
        parts.append(f"{state.trials_per_hour:,.0f} trials/h   ")
    if state.images_per_second is not None and math.isfinite(state.images_per_second):
        parts.append(f"{state.images_per_second:,.0f} images/s   ")
    return canvas.line(*parts, (outcome_words(records), DIM))


def _candidates(canvas: Canvas, training: Sequence[Progress]) -> list[Text]:
    """Two lines at least, so that the view does not jump between one trial and the next."""
    if not training:
        return [canvas.line(("now   ", DIM), "choosing the next candidate"), Text("")]
    if len(training) == 1:
        (one,) = training
        name = f"   {one.name}" if one.name else ""
        room = max(canvas.width - 6 - len(name), 8)
        return [
            canvas.line(("now   ", DIM), (canvas.short(formula(one.expression), room), HEADING), (name, DIM)),
            canvas.line("      ", (f"trial {one.trial} · {one.origin} · {_how_far(one)}", DIM)),
        ]
    lines = []
    for place, one in enumerate(sorted(training, key=lambda progress: progress.trial)):
        where = f"   trial {one.trial} · {_how_far(one)}"
        room = max(canvas.width - 6 - len(where), 8)
        head = "now   " if place == 0 else "      "
        lines.append(
            canvas.line((head, DIM), (canvas.short(formula(one.expression), room), HEADING), (where, DIM))
        )
    return lines


def _how_far(progress: Progress) -> str:
    parts = []
    if progress.seeds > 1:
        parts.append(f"seed {progress.seed_index + 1} of {progress.seeds}")
    parts.append(f"epoch {progress.epoch} of {progress.epochs}")
    if progress.val_acc is not None:
        parts.append(f"val acc {percent(progress.val_acc)} %")
    return " · ".join(parts)


def _hall(canvas: Canvas, famous: Sequence[TrialRecord], shape: Shape | None) -> list[Column]:
    best = famous[-1]
    columns = [Column("cx", [str(record.complexity) for record in famous], right=True)]
    if shape is not None:
        small = [sparkline(shape(record.expression), _GRAPH, unicode=canvas.unicode) for record in famous]
        columns.append(Column("graph", [(line, FIRST) for line in small]))
    scores = [_score(record) for record in famous]
    settings = any(record.settings for record in famous)
    return [
        *columns,
        Column("formula", [(formula(r.expression), BEST if r is best else "") for r in famous], least=8),
        Column("name", [r.name or "" for r in famous], least=6),
        *([Column("settings", [settings_words(r.settings) for r in famous], least=8)] if settings else []),
        Column("val acc %", [(s, BEST if r is best else "") for s, r in zip(scores, famous, strict=True)]),
        Column("n", [str(record.n_seeds) for record in famous], right=True),
        Column("time", [(short_duration(record.seconds), DIM) for record in famous], right=True),
        Column("no.", [(str(record.number), DIM) for record in famous], right=True),
    ]


def _score(record: TrialRecord) -> str:
    return f"{percent(record.val_acc):>5} {spread(record.val_acc_std)}"
