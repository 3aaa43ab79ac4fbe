"""Who is trained anew: the winners of a search, and the baselines they have to beat."""

from __future__ import annotations

from collections.abc import Sequence

from nas.analysis.leaderboard import LeaderboardRow, rows
from nas.errors import RunError
from nas.rows.baselines import BASELINES
from nas.runs.records import TrialRecord
from nas.runs.roster import Entry
from nas.symbolic.naming import name_of
from nas.symbolic.parse import parse


def selected(search: str, records: Sequence[TrialRecord], val_size: int | None, top: int) -> dict[str, Entry]:
    """The best `top` finished candidates, best first, then the baselines, by their labels.

    search  the name of the run that `records` are all trials of
    A search without baselines gets those that every search has by default.

    Raises:
        RunError: no candidate has finished.
    """
    ranked = rows(records, val_size)
    winners = [row for row in ranked if row.rank is not None and not row.baseline][:top]
    if not winners:
        raise RunError(
            f"no candidate of run {search} has finished",
            got=f"{len(records)} trials",
            cure=f"go on with it: nas resume {search}",
        )
    found = {f"{search}:{row.trial}": _entry(row, records) for row in winners}
    baselines = {f"{search}:{row.trial}": _entry(row, records) for row in ranked if row.baseline}
    return found | (baselines or _default_baselines())


def _entry(row: LeaderboardRow, records: Sequence[TrialRecord]) -> Entry:
    record = next(record for record in records if record.number == row.trial)
    scored = row.rank is not None
    return Entry.model_validate(
        {
            "expression": record.expression,
            "name": record.name,
            "complexity": record.complexity,
            "origin": record.origin,
            "settings": record.tuned,
            "trial": record.number,
            "val_acc": row.val_acc if scored else None,
            "seeds": record.n_seeds if scored else 0,
        }
    )


def _default_baselines() -> dict[str, Entry]:
    return {
        name: Entry(
            expression=expression.text,
            name=name_of(expression),
            complexity=expression.complexity,
            origin="baseline",
        )
        for name, expression in ((name, parse(name)) for name in BASELINES)
    }
