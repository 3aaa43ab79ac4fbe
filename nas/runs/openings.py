"""The ledger of the test set: when it was opened, by what, and what was seen. Nothing takes an entry away.

An opening is kept twice, in the run of the search and in that of its confirmation, in this order:

1. `begin` writes it down, without results, before any network is scored. From here on it has happened.
2. The networks are scored: weights and images are on the disk, so scoring again gives the same numbers.
3. `complete` adds the results, first for the confirmation, then for the search.

A crash between 1 and 3 leaves an opening without results that belongs to one confirmation, known by its name
and the time it was made: that one alone may complete it, any other is refused. No crash leads to a second
look that nobody hears of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from nas.errors import RunError
from nas.runs.config import RunConfig
from nas.runs.store import Run, list_runs

_NOTE = "test_set"


class Opening(BaseModel):
    """One look at the test set."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    when: str  #: UTC, ISO 8601
    by: str  #: the run that looked
    by_created: str  #: when that run was made: names may come back
    command: str
    images: int
    fingerprint: str  #: SHA-256 of the images
    results: dict[str, list[float]] | None = None  #: candidate -> accuracy of each seed; None: cut off before

    @property
    def key(self) -> tuple[str, str]:
        """What tells openings apart: a run opens the test set once."""
        return self.by, self.by_created


def openings(run: Run) -> list[Opening]:
    """The openings that `run` knows of, oldest first. Raises RunError where the ledger is damaged."""
    try:
        return [Opening.model_validate(entry) for entry in run.notes().get(_NOTE, [])]
    except (ValidationError, TypeError) as error:
        raise RunError(
            f"the ledger of the test set of run {run.name} is damaged", cure="restore study.db from a copy"
        ) from error


def of_search(search: Run) -> list[Opening]:
    """The openings for `search` or for any other run of the same search in its folder, oldest first."""
    runs = [search, *(run for run in list_runs(search.path.resolve().parent) if _same(run, search))]
    found = {opening.key: opening for run in reversed(runs) for opening in openings(run)}
    return sorted(found.values(), key=lambda opening: opening.when)


def _same(run: Run, search: Run) -> bool:
    """Whether `run` proposes what `search` proposes: its repetition under another name."""
    if run.damage or run.path.resolve() == search.path.resolve():
        return False
    return _identity(run.config) == _identity(search.config)


def _identity(config: RunConfig) -> Mapping[str, Any]:
    """The configuration without its name, its machine and its budget."""
    other = {"name", "created", "trials", "time_seconds", "images", "device", "threads", "data_dir"}
    return config.model_dump(exclude=other)


def shown(run: Run) -> list[Opening]:
    """The openings to show with `run`, oldest first: for a confirmation all those of its search."""
    found = {opening.key: opening for opening in openings(run)}
    roster = run.config.roster
    if roster is not None:
        search = Run(roster.search_folder(run.path))
        found |= {opening.key: opening for opening in openings(search)}
    return sorted(found.values(), key=lambda opening: opening.when)


def refuse_another(search: Run) -> None:
    """Raises RunError where the test set has been opened for `search`."""
    known = of_search(search)
    if known:
        last = known[-1]
        raise RunError(
            f"the test set has been opened for {search.name} already",
            got=f"{len(known)} opening{'s' * (len(known) > 1)}, the last by {last.by} at {last.when}",
            cure="confirm without it by --no-test; --open-test-again opens it once more, and that is shown "
            "with the run for ever",
        )


def begin(search: Run, confirmation: Run, opening: Opening) -> None:
    """Write down that the test set is opened now. The caller holds the locks of both runs.

    Both also take over what other runs of the same search know, so that it shows for ever.
    """
    known = of_search(search)
    for run in (search, confirmation):
        _write(run, [*known, opening])


def complete(search: Run, confirmation: Run, opening: Opening) -> None:
    """Write down what was seen, `opening.results`."""
    for run in (confirmation, search):
        _write(run, [opening])


def key_of(confirmation: Run) -> tuple[str, str]:
    """The key of the opening by `confirmation`."""
    return confirmation.name, confirmation.config.created


def _write(run: Run, new: Iterable[Opening]) -> None:
    """Add `new` to the ledger; an entry of the same key is replaced by its newer state."""
    found = {opening.key: opening for opening in (*openings(run), *new)}
    run.note(_NOTE, [opening.model_dump() for opening in found.values()])
