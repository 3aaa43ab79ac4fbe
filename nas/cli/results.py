"""What has come of a run of winners trained anew, as a table and as JSON; without torch."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType

from nas.runs import openings
from nas.runs.roster import Roster
from nas.runs.store import Run


def roster_of(run: Run) -> Roster:
    """What `run`, a confirmation or a transfer, trains."""
    assert run.config.roster is not None, "every run of these kinds is made with one"
    return run.config.roster


def table(run: Run) -> RenderableType:
    """The result of `run` as far as it is."""
    roster, records = roster_of(run), run.records()
    # scipy.stats takes a second to import, and most views need none of it
    if not roster.search:
        from nas.analysis.leaderboard import rows
        from nas.terminal.leaderboard import leaderboard

        shown = rows(records, run.config.protocol.sample)
        return leaderboard(shown, records, run.config.protocol, title=run.name)
    if run.config.kind == "transfer":
        from nas.analysis.transfer import cells
        from nas.terminal.transfer import transfer

        return transfer(roster, cells(roster, records), title=run.name)
    from nas.analysis.confirmation import confirmed
    from nas.terminal.confirmation import confirmation

    own = _own(run)
    results = own.results if own else None
    return confirmation(
        confirmed(roster, records, results),
        roster,
        run.config.protocol,
        openings.shown(run),
        images=own.images if own and results is not None else None,
        title=run.name,
    )


def as_json(run: Run) -> dict[str, Any]:
    """The result of `run`, the contract of `--format json`."""
    roster, records = roster_of(run), run.records()
    from nas.analysis import confirmation, transfer

    if run.config.kind == "transfer":
        return transfer.to_dict(roster, transfer.cells(roster, records))
    own = _own(run)
    found = confirmation.confirmed(roster, records, own.results if own else None)
    return {
        "candidates": [confirmation.to_dict(c) for c in found],
        "test_set": confirmation.ledger_to_dict(openings.shown(run)),
        "protocol": run.config.protocol.model_dump(),
    }


def _own(run: Run) -> openings.Opening | None:
    key = openings.key_of(run)
    return next((opening for opening in openings.shown(run) if opening.key == key), None)
