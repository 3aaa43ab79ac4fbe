"""What `nas confirm` and `nas transfer` share: which search, which winners, which machine, and the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

import click

from nas.analysis.selection import selected
from nas.cli import results
from nas.cli.options import (
    all_of,
    format_option,
    print_json,
    runs_dir_option,
    work_options,
)
from nas.cli.protocol import share
from nas.errors import RunError, SettingError
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.layout import check_name
from nas.runs.roster import Roster
from nas.runs.store import Run

_OPTIONS = (
    click.option(
        "--top",
        type=click.IntRange(min=1),
        default=5,
        show_default=True,
        metavar="N",
        help="How many winners.",
    ),
    click.option(
        "--seed", type=click.IntRange(min=0), help="Of everything random.  [default: that of RUN, plus 1]"
    ),
    click.option(
        "--data-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where CIFAR-10's files are now."
    ),
    click.option("--name", metavar="NAME", default="", help="Name of the new run.  [default: from RUN]"),
    *work_options,
    format_option("table", "json"),
    runs_dir_option,
)


winner_options = all_of(_OPTIONS)  #: `Start` takes what they give


@dataclass(frozen=True)
class Start:
    """What the options ask for."""

    top: int
    seed: int | None
    data_dir: Path | None
    name: str
    device: str
    threads: int | None
    quiet: bool
    format_: str
    runs_dir: Path

    def fresh_seed(self, search: Run) -> int:
        """A seed that the search has not had; SettingError where its own is asked for."""
        used = search.config.protocol.seed
        if self.seed == used:
            raise SettingError(
                "fresh seeds are others than those of the search",
                got=f"--seed {used}",
                cure=f"--seed {used + 1}",
            )
        return used + 1 if self.seed is None else self.seed

    def roster(
        self, search: Run, protocols: Mapping[str, Protocol], *, test: bool = False, again: bool = False
    ) -> Roster:
        """The winners of `search` and its baselines under `protocols`."""
        records = search.records()
        path = os.path.relpath(search.path.resolve(), self.runs_dir.resolve())
        return Roster(
            search=Path(path).as_posix(),
            selected_among=sum(r.outcome is not Outcome.SCREENED and not r.baseline for r in records),
            candidates=selected(search.name, records, search.config.protocol.sample, self.top),
            protocols=dict(protocols),
            test=test,
            again=again,
        )

    def run(
        self, kind: Literal["confirm", "transfer"], search: Run, roster: Roster, folder: Path | None
    ) -> None:
        """Make the new run, fill it and print its result."""
        config = RunConfig(
            name=self.name or self._free_name(f"{search.name[:80]}-{kind}"),
            kind=kind,
            sampler=search.config.sampler,
            trials=len(roster),
            baselines=(),
            device=self.device,
            **share(self.threads),
            space=search.config.space,
            protocol=next(iter(roster.protocols.values())),
            roster=roster,
        )
        run = Run.create(self.runs_dir, config, folder)
        from nas.cli.rematch import work  # torch and Optuna take seconds: the run is there before them
        from nas.cli.session import begin

        as_json = self.format_ == "json"
        begin(run, self.quiet or as_json, silent=as_json, work=work)
        if as_json:
            print_json(results.as_json(run))

    def _free_name(self, stem: str) -> str:
        """`stem`, or the same with -2, -3, ..."""
        names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
        return next(check_name(name) for name in names if not (self.runs_dir / name).exists())


def search_of(runs_dir: Path, name: str) -> Run:
    """The search called `name`. Raises RunError: there is none, it is of another kind, or goes on now."""
    run = Run.open(runs_dir, name)
    if run.config.kind != "search":
        cure = None if run.config.roster is None else f"name its search: {run.config.roster.search}"
        raise RunError(
            f"run {run.name} is no search: it has no winners",
            got=run.config.kind,
            allowed="search",
            cure=cure,
        )
    if run.config.protocol.task:
        raise RunError(
            f"run {run.name} searched on a task: there are no images to train on",
            got=run.config.protocol.task,
        )
    if run.running:
        raise RunError(f"run {run.name} is still searching", cure="wait until it ends, or end it with Ctrl-C")
    return run
