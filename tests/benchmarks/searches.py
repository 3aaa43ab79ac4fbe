"""Real searches of the spaces beyond activations, and whether searching everything at once pays.

    python -m tests.benchmarks.searches --data-dir DIR --work DIR [--records DIR] [--seeds 4] [--threads N]

One search of each of SPACES, of 30 candidates and the baselines, under `nas search`'s own recipe. Then, for
each search seed, `joint` and `activations` under the same number of training images (`--images`), without
baselines; the winner of each, by its own validation score, is trained anew under 4 fresh seeds that are the
same for all. What is compared are these fresh means, paired by search seed.

Runs are kept in the folder --work, so that a benchmark that was cut off goes on. Each search leaves a record
`search-SPACE.json` in the folder --records, the comparison `joint.json`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from nas.analysis.paired import paired
from nas.datasets.images import Images
from nas.datasets.library import Location, load
from nas.evaluation.checkpoint import best_trial
from nas.evaluation.objective import Evaluator
from nas.runs.store import Run
from nas.symbolic.parse import parse

Json = dict[str, Any]

CIFAR = ("--trials=30", "--seeds=1", "--epochs=3", "--seed=0")
#: space -> what is asked for; candidates of several trainings, or large networks, get fewer images
SPACES: dict[str, tuple[str, ...]] = {
    "optimizers": (*CIFAR, "--width=8", "--train-size=5000"),
    "inits": (*CIFAR, "--width=8", "--train-size=10000"),
    "regularization": (*CIFAR, "--width=8", "--train-size=10000"),
    "architectures": (*CIFAR, "--train-size=5000"),
    "joint": (*CIFAR, "--train-size=10000"),
}
IMAGES = 400_000  #: of each search that is compared: about thirteen full trainings
COMPARED = ("activations", "joint")
#: the same images and epochs; `joint` chooses its width itself
SAME = ("--seeds=1", "--epochs=3", "--train-size=10000", "--no-baselines", f"--images={IMAGES}")
WIDTH = {"activations": ("--width=8",), "joint": ()}
FRESH_SEEDS, FRESH = 4, 10_000


class Searches:
    """Runs in one folder; what is finished is taken as it is."""

    def __init__(self, data_dir: Path, work: Path, threads: int | None) -> None:
        self._work, self._runs = work, work / "runs"
        self._data_dir = data_dir
        self._data = f"--data-dir={data_dir}"
        self._threads = [] if threads is None else [f"--threads={threads}"]

    def search(self, space: str, name: str, options: Sequence[str]) -> Run:
        """The finished search `name`."""
        if (self._runs / name).exists():
            self._nas("resume", name, "-q")
        else:
            self._nas(
                "search", f"--space={space}", f"--name={name}", self._data, "-q", *options, *self._threads
            )
        return Run.open(self._runs, name)

    def fresh(self, name: str) -> Json:
        """The winner of the search `name` under fresh seeds, each trained once."""
        path = self._work / f"fresh-{name}.json"
        if not path.exists():
            run = Run.open(self._runs, name)
            protocol = run.config.protocol.model_copy(update={"seed": FRESH, "seeds": FRESH_SEEDS})
            record = run.record(best_trial(run) or 0)
            found = Evaluator(protocol, self._images, torch.device("cpu")).evaluate(
                parse(record.expression), record.tuned
            )
            told = {"expression": record.expression, "settings": record.tuned, "outcome": found.outcome.value}
            told |= {name: getattr(found, name) for name in ("val_accs", "parameters", "macs")}
            path.write_text(json.dumps(told))
        return dict(json.loads(path.read_text()))

    @cached_property
    def _images(self) -> Images:
        return load(Location("cifar10", self._data_dir))

    def leaderboard(self, name: str) -> list[Json]:
        """Its rows."""
        return list(json.loads(self._nas("leaderboard", name, "--format=json", "--top=1000")))

    def _nas(self, command: str, *arguments: str) -> str:
        words = [sys.executable, "-m", "nas", command, *arguments, f"--runs-dir={self._runs}"]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(words)} exited {done.returncode}")
        return done.stdout


def machine(run: Run) -> Json:
    """On what it was measured."""
    return {
        "versions": {name: importlib.metadata.version(name) for name in ("nas", "torch", "optuna", "sympy")},
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "threads": run.config.threads,
        "workers": run.config.workers,
    }


def searched(searches: Searches, space: str) -> Json:
    """The record of one search."""
    run = searches.search(space, space, SPACES[space])
    rows = searches.leaderboard(space)
    outcomes = [record.outcome for record in run.records()]
    return {
        "command": ["nas", "search", f"--space={space}", "--data-dir=DIR", *SPACES[space]],
        **machine(run),
        "protocol": run.config.protocol.model_dump(mode="json"),
        "outcomes": {str(outcome): outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)},
        "train_images": sum(record.train_images for record in run.records()),
        "seconds": round(sum(record.seconds for record in run.records()), 1),
        "leaderboard": rows,
    }


def compared(searches: Searches, seeds: int) -> Json:
    """Whether `joint` finds better than `activations` at equal training images."""
    found: Json = {space: [] for space in COMPARED}
    for seed in range(seeds):
        for space in COMPARED if seed % 2 == 0 else reversed(COMPARED):
            name = f"{space}-{seed}"
            run = searches.search(space, name, (*SAME, *WIDTH[space], f"--seed={seed}"))
            records = run.records()
            found[space].append(
                {
                    "seed": seed,
                    "train_images": sum(record.train_images for record in records),
                    "trained": sum(record.train_images > 0 for record in records),
                    "search_score": max((r.val_acc for r in records if r.val_acc is not None), default=None),
                    "winner": searches.fresh(name),
                }
            )
    means = {s: [statistics.fmean(one["winner"]["val_accs"]) for one in found[s]] for s in COMPARED}
    difference = paired(means["joint"], means["activations"])
    return {
        **machine(run),
        "images": IMAGES,
        "fresh_seeds": FRESH_SEEDS,
        "searches": found,
        "means": {s: statistics.fmean(means[s]) for s in COMPARED},
        "joint - activations": {
            "mean": difference.difference,
            "ci_low": difference.ci_low,
            "ci_high": difference.ci_high,
            "p": difference.p,
            "n": difference.n_seeds,
        },
    }


def main() -> None:
    """Read the options, search what is missing, write the records."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="CIFAR-10's binary files")
    parser.add_argument("--work", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--records", type=Path, help="folder for the records")
    parser.add_argument("--seeds", type=int, default=4, help="search seeds of the comparison; 0: none")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    searches = Searches(options.data_dir.resolve(), options.work.resolve(), options.threads)
    records = {f"search-{space}": (lambda space=space: searched(searches, space)) for space in SPACES}
    if options.seeds > 0:
        records["joint"] = lambda: compared(searches, options.seeds)
    for name, make in records.items():
        text = json.dumps(make(), indent=1)
        if options.records is None:
            print(text)
        else:
            (options.records / f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
