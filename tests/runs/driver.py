"""A process that writes a run, to be started and killed by the tests: `python driver.py WHAT RUNS NAME [N]`.

What it prints has been stored: a line stands for a call that has returned.
"""

from __future__ import annotations

import sys
import time
from itertools import count
from pathlib import Path

from nas.errors import RunError
from nas.outcomes import Epoch, Outcome
from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.records import Pending
from nas.runs.store import Run

OUTCOMES = (Outcome.FINISHED, Outcome.DIVERGED, Outcome.FINISHED, Outcome.FAILED)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def config(name: str) -> RunConfig:
    return RunConfig(name=name, protocol=Protocol(data="digits"))


def finish(run: Run, number: int, params: dict[str, object]) -> None:
    """End a trial; everything stored follows from the candidate, so that a reader can check it."""
    chosen = int(str(params["index"]))
    outcome = OUTCOMES[chosen % len(OUTCOMES)]
    score = chosen / 1009
    run.finish(
        number,
        {
            "outcome": outcome,
            "val_accs": [score] if outcome is Outcome.FINISHED else [],
            "curves": [[Epoch(e, 1.0, float("nan"), score, 0.5) for e in range(1, 9)]],
            "seconds": 1.5,
        },
    )
    say("stored", number, chosen)


def search(run: Run, trials: int) -> None:
    """Go on to `trials` trials, those cut off first, as a search does."""
    from optuna.distributions import IntDistribution

    with run.lock():
        say("ready")
        for pending in run.unfinished():
            _check(pending)
            finish(run, pending.number, pending.params)
        done = len(run.records())
        for index in range(done, trials):
            fields = {"expression": f"x + {index}", "name": None, "complexity": 3, "origin": "sampler"}
            params = {"index": index}
            number = run.begin(params, {"index": IntDistribution(0, 100_000)}, fields)
            finish(run, number, params)
        run.note("ended", "budget")


def _check(pending: Pending) -> None:
    assert pending.attrs["expression"] == f"x + {pending.params['index']}"
    assert pending.attrs["complexity"] == 3


def make(runs: Path) -> None:
    """Make runs without end."""
    say("ready")
    for number in count():
        say("made", Run.create(runs, config(f"r{number}-{time.time_ns()}")).name)


def hold(run: Run) -> None:
    """Keep the lock until killed."""
    with run.lock():
        say("ready")
        time.sleep(60)


def main(what: str, runs: str, name: str, trials: str = "0") -> None:
    folder = Path(runs)
    try:
        if what == "make":
            make(folder)
        elif what == "read":
            say("read", len(Run.open(folder, name).records()))
        elif what == "hold":
            hold(Run.open(folder, name))
        else:
            search(Run.open(folder, name), int(trials))
    except RunError as error:
        say("error", str(error).replace("\n", " | "))
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
