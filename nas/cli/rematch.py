"""One process at work on a run that trains winners anew: images, trainings, the test set, the result."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import torch
from rich.console import Console

from nas.cli import results
from nas.cli.options import note
from nas.cli.session import images_of, on_this_machine, record_provenance
from nas.cli.watchers import watcher
from nas.datasets.images import Images
from nas.datasets.library import Location
from nas.evaluation.objective import Evaluator
from nas.evaluation.test_set import open_test_set, readable
from nas.protocol import Protocol
from nas.runs import openings
from nas.runs.config import RunConfig
from nas.runs.provenance import scrubbed
from nas.runs.roster import Roster
from nas.runs.store import Run
from nas.search.rematch import Rematch
from nas.symbolic.parse import parse
from nas.terminal import console
from nas.terminal.text import duration


def work(run: Run, config: RunConfig, folder: Path | None, quiet: bool, silent: bool) -> None:
    """Train what is left of the roster of `run`, open the test set where it is asked for, print the result.

    folder  of the images; data sets that need none leave it aside
    """
    with run.lock():
        config, device = on_this_machine(config)
        session = _Session(results.roster_of(run), folder, device)
        roster = session.roster
        first = next(iter(roster.protocols.values()))
        run.rewrite_config(config.model_copy(update={"roster": roster, "protocol": first}))
        record_provenance(run, device)
        screen = console.stdout()
        if not quiet:
            session.introduce(screen, run)
        observer = watcher(screen, run, quiet)
        with observer.watching():
            Rematch(run, roster, session.evaluator, observer).go()
        run.set_progress(None)
        if roster.test:
            label, protocol = next(iter(roster.protocols.items()))
            command = shlex.join(["nas", *scrubbed(sys.argv[1:])])
            open_test_set(run, roster, session.evaluator(label), location(protocol.data, folder), command)
        run.note("ended", "trials")
        if not silent:
            screen.print("", results.table(run))
            if roster.test and not openings.openings(run):
                note("no winner finished: the test set stays closed")


def location(data: str, folder: Path | None) -> Location:
    """The images called `data` in `folder`, which the digits do not need."""
    return Location(data, None if data == "digits" else folder)


class _Session:
    """The images of a roster, and the evaluators of its protocols. What cannot work fails here, at once."""

    def __init__(self, roster: Roster, folder: Path | None, device: torch.device) -> None:
        self._device = device
        self._images: dict[str, Images] = {}
        protocols = {}
        for label, protocol in roster.protocols.items():
            if protocol.data not in self._images:
                place = location(protocol.data, folder)
                self._images[protocol.data] = images_of(protocol, place.folder)
            protocols[label] = self._resolved(protocol)
        fingerprint = roster.test_fingerprint
        if roster.test and not fingerprint:
            fingerprint, notices = readable(location(next(iter(protocols.values())).data, folder))
            for notice in notices:
                note(notice)
        update = {"protocols": protocols, "test_fingerprint": fingerprint}
        self.roster = roster.model_copy(update=update)

    def _resolved(self, protocol: Protocol) -> Protocol:
        evaluator = self._evaluator(protocol)
        evaluator.network(parse("max(x, 0)"))  # refuses images that are too small
        return evaluator.protocol

    def _evaluator(self, protocol: Protocol) -> Evaluator:
        return Evaluator(protocol, self._images[protocol.data], self._device)

    def evaluator(self, label: str) -> Evaluator:
        """That of the protocol of this label."""
        return self._evaluator(self.roster.protocols[label])

    def introduce(self, screen: Console, run: Run) -> None:
        """What will be done, and about how long it takes."""
        roster, done, seconds = self.roster, len(run.records()), 0.0
        size = len(roster.candidates)
        lines: dict[str, None] = {}
        for place, (label, protocol) in enumerate(roster.protocols.items()):
            left = size - min(max(done - place * size, 0), size)
            if left:
                seconds += self.evaluator(label).estimated_seconds(left)
            line = (
                f"data     {protocol.data}: {protocol.train_size:,} training and {protocol.val_size:,} "
                f"validation images; {protocol.net} of width {protocol.width}, epochs: {protocol.epochs}, "
                f"seeds: {protocol.seeds}"
            )
            if line not in lines:  # protocols that differ in their seed alone are shown once
                lines[line] = None
                screen.print(line)
        winners = len(roster.winners())
        already = f"; {done} done" if done else ""
        asked = f"winners of {roster.search}: {winners}, baselines: {size - winners}"
        if not roster.search:
            asked = f"candidates: {size}, trainings of each: {len(roster.protocols)}"
        time_left = duration(seconds / run.config.workers)
        screen.print(f"budget   {asked}{already}; about {time_left} at the speed of ReLU")
        screen.print(f"run      {run.name}\n")
