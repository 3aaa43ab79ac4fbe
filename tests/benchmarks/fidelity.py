"""What successive halving gains: winners at equal training images, and time until Swish is matched.

    python -m tests.benchmarks.fidelity --data-dir DIR --work DIR [--seeds 5] [--trials 12] [--record FILE]

For each search seed three searches of `--space yardstick` run one after the other: the plain loop with
`--trials` trials, then nas with as many training images, without a pruner and with `--pruner halving
--rungs 1`, in an order that turns with the seed. Each is a process of its own with all cores.

(a) The winner of each search, by its own validation score, is trained anew under 4 fresh seeds with nas's
    plain recipe (one-cycle): its true score.
(b) The time from the start of the process until the first candidate is scored whose mean over those 4 fresh
    seeds is at least Swish's minus one standard error of Swish's. A candidate whose own full score is more
    than `HOPELESS` below that is taken to fail without being trained anew. Searches that never meet it are
    censored at their end.

Everything that was measured is kept in the folder --work, so that a benchmark that was cut off goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from nas.analysis.paired import paired
from nas.datasets.library import Location, load
from nas.evaluation.objective import Evaluator
from nas.outcomes import Outcome
from nas.protocol import Protocol, default_recipe
from nas.spaces import library
from nas.spaces.space import SearchSpace
from nas.symbolic.fingerprint import same_function
from nas.symbolic.parse import parse
from tests.benchmarks.plain_search import BINARY, PROTOCOL, UNARY

METHODS = ("plain", "none", "halving")
SIZES = ("epochs", "width", "train_size", "val_size")
FRESH_SEEDS, FRESH = 4, 10_000  #: seeds of the retraining, far from those of the searches
HOPELESS = 0.1  #: accuracy
SWISH = "x*sigmoid(x)"

Json = dict[str, Any]


class Benchmark:
    """The searches and retrainings of one protocol; what is in the work folder is not done again."""

    def __init__(self, data_dir: Path, work: Path, trials: int) -> None:
        self.data_dir, self.work, self.trials = data_dir, work, trials
        self.space = SearchSpace(library.read("yardstick"))
        recipe = default_recipe("cifar10")
        sizes = {key: PROTOCOL[key] for key in SIZES}
        protocol = Protocol(data="cifar10", seeds=FRESH_SEEDS, seed=FRESH, recipe=recipe, **sizes)
        self.protocol = protocol
        self._evaluator: Evaluator | None = None

    def search(self, method: str, seed: int) -> Json:
        """One search: {images, seconds, trials: [{expression, score, seconds}]}, scores of full trainings."""
        make = (lambda: self._plain(seed)) if method == "plain" else (lambda: self._nas(method, seed))
        return self._kept(f"search-{method}-{seed}", make)

    def fresh(self, expression: str) -> list[float]:
        """Validation accuracies under the fresh seeds; those before the first that did not finish."""
        for path in sorted(self.work.glob("fresh-*.json")):
            known = json.loads(path.read_text())
            if same_function(parse(known["expression"]), parse(expression)):
                return list(known["val_accs"])
        name = f"fresh-{len(list(self.work.glob('fresh-*.json'))):04d}"
        return list(self._kept(name, lambda: self._train(expression))["val_accs"])

    def _train(self, expression: str) -> Json:
        if self._evaluator is None:
            images = load(Location("cifar10", self.data_dir))
            self._evaluator = Evaluator(self.protocol, images, torch.device("cpu"))
        found = self._evaluator.evaluate(parse(expression))
        done = found.outcome is Outcome.FINISHED
        return {"expression": expression, "val_accs": list(found.val_accs) if done else []}

    def _plain(self, seed: int) -> Json:
        begun = time.time()
        options = [f"--{k.replace('_', '-')}={v}" for k, v in PROTOCOL.items() if k not in ("trials", "seed")]
        done = self._run(
            ["-m", "tests.benchmarks.plain_search", f"--data-dir={self.data_dir}", f"--trials={self.trials}",
             f"--seed={seed}", *options]
        )  # fmt: skip
        result = json.loads(done[-1][1])
        trials = [
            {"expression": self._expression(u1, u2, b), "score": score, "seconds": ended - begun}
            for u1, u2, b, score, ended in result["trials"]
        ]
        return {"images": result["train_images"], "seconds": time.time() - begun, "trials": trials}

    def _nas(self, method: str, seed: int) -> Json:
        name = f"{method}-{seed}-{time.time_ns()}"
        budget = self.search("plain", seed)["images"]
        rungs = ["--pruner=halving", "--rungs=1"] if method == "halving" else []
        sizes = [f"--{k.replace('_', '-')}={PROTOCOL[k]}" for k in SIZES]
        begun = time.time()
        place = f"--runs-dir={self.work / 'runs'}"
        lines = self._run(
            ["-m", "nas", "search", "--space=yardstick", "--sampler=tpe", "--no-baselines", "--seeds=1",
             f"--images={budget}", f"--seed={seed}", f"--data-dir={self.data_dir}", f"--name={name}", place,
             *sizes, *rungs]
        )  # fmt: skip
        seconds = time.time() - begun
        board = self._run(["-m", "nas", "leaderboard", name, place, "--format=json"])
        rows = json.loads("\n".join(text for _, text in board))
        first: dict[int, float] = {}
        for moment, text in lines:
            words = text.split()
            if "trial" in words[:3]:
                first.setdefault(int(words[words.index("trial") + 1]), moment - begun)
        trials = [
            {
                "expression": row["expression"],
                "score": row["val_acc"] if row["outcome"] == "finished" else None,
                "low_score": row["rungs"][0]["val_accs"][0] if row["rungs"] else None,
                "seconds": first[row["trial"]],
            }
            for row in rows
        ]
        trials.sort(key=lambda trial: trial["seconds"])
        return {"images": sum(row["train_images"] for row in rows), "seconds": seconds, "trials": trials}

    def _expression(self, u1: str, u2: str, b: str) -> str:
        core_unit = self.space.file.activation.core_unit
        assert core_unit is not None
        unary, binary = list(UNARY), list(BINARY)
        decisions = {
            "core_unit.1.unary1": core_unit.unary[unary.index(u1)],
            "core_unit.1.unary2": core_unit.unary[unary.index(u2)],
            "core_unit.1.binary": core_unit.binary[binary.index(b)],
        }
        try:
            return self.space.candidate_from(decisions).activation.text
        except Exception as error:  # such as 0/0: no function
            return f"undefined: {error}"

    def _run(self, arguments: list[str]) -> list[tuple[float, str]]:
        """The lines of a Python process, each with the time when it came."""
        process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = [(time.time(), line.rstrip("\n")) for line in process.stdout]
        if process.wait():
            sys.exit(f"{' '.join(arguments)} exited {process.returncode}")
        return lines

    def _kept(self, name: str, make: Callable[[], Json]) -> Json:
        path = self.work / f"{name}.json"
        if not path.exists():
            found = make()
            path.with_suffix(".tmp").write_text(json.dumps(found))
            path.with_suffix(".tmp").replace(path)
            print(f"{time.strftime('%H:%M:%S')} {name}", file=sys.stderr, flush=True)
        return dict(json.loads(path.read_text()))


def winner(search: Json) -> Json:
    """The trial with the best score of its own."""
    return dict(max((t for t in search["trials"] if t["score"] is not None), key=lambda t: t["score"]))


def time_to(search: Json, threshold: float, fresh: Callable[[str], list[float]]) -> float | None:
    """Seconds until a candidate was scored whose fresh mean reaches `threshold`; None: never."""
    for trial in search["trials"]:
        full = trial["score"]
        if trial["expression"].startswith("undefined") or (full is not None and full < threshold - HOPELESS):
            continue
        if full is None and (trial.get("low_score") is None or trial["low_score"] < threshold - 3 * HOPELESS):
            continue
        scores = fresh(trial["expression"])
        if len(scores) == FRESH_SEEDS and statistics.fmean(scores) >= threshold:
            return float(trial["seconds"])
    return None


def spread(scores: Sequence[float]) -> Json:
    """Mean and sample standard deviation over n."""
    return {
        "mean": statistics.fmean(scores) if scores else None,
        "std": statistics.stdev(scores) if len(scores) > 1 else None,
        "n": len(scores),
    }


def median(times: Sequence[float | None]) -> float | None:
    """With unfinished ones as infinite; None where more than half are."""
    ordered = sorted(math.inf if t is None else t for t in times)
    middle = statistics.median_high(ordered) if len(ordered) % 2 == 0 else statistics.median(ordered)
    return None if math.isinf(middle) else middle


def summary(benchmark: Benchmark, seeds: int) -> Json:
    """All searches of `seeds` seeds, their winners' true scores, and the times; done where not yet done."""
    for seed in range(seeds):
        plain, *ours = METHODS  # the plain loop first: its images are the others' budget
        for method in (plain, *(ours if seed % 2 == 0 else reversed(ours))):
            benchmark.search(method, seed)
    swish = benchmark.fresh(SWISH)
    threshold = statistics.fmean(swish) - statistics.stdev(swish) / math.sqrt(len(swish))
    methods: Json = {}
    for method in METHODS:
        searches = [benchmark.search(method, seed) for seed in range(seeds)]
        winners = [winner(search) for search in searches]
        scores = [benchmark.fresh(w["expression"]) for w in winners]
        methods[method] = {
            "images": [search["images"] for search in searches],
            "seconds": [search["seconds"] for search in searches],
            "trials": [len(search["trials"]) for search in searches],
            "winners": [
                {"expression": w["expression"], "search_score": w["score"], "fresh": s}
                for w, s in zip(winners, scores, strict=True)
            ],
            "true_score": spread([statistics.fmean(s) for s in scores if s]),
            "time_to_swish": [time_to(search, threshold, benchmark.fresh) for search in searches],
        }
        methods[method]["median_time_to_swish"] = median(methods[method]["time_to_swish"])
    return {
        "protocol": benchmark.protocol.model_dump() | {"trials_of_plain": benchmark.trials},
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "swish": {"fresh": swish, "threshold": threshold},
        "methods": methods,
        "differences": {f"halving - {other}": _difference(methods, other) for other in ("none", "plain")},
    }


def _difference(methods: Json, other: str) -> Json:
    """Paired by search seed; fractions."""
    means = [
        [statistics.fmean(w["fresh"]) if w["fresh"] else 0.0 for w in methods[m]["winners"]]
        for m in ("halving", other)
    ]
    found = paired(*means)
    interval = {"ci_low": found.ci_low, "ci_high": found.ci_high, "p": found.p}
    return {"mean": found.difference, **interval, "n": found.n_seeds}


def main() -> None:
    """Read the options, measure what is missing, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="CIFAR-10's binary files")
    parser.add_argument("--work", type=Path, required=True, help="folder for what has been measured")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    found = summary(Benchmark(options.data_dir, options.work, options.trials), options.seeds)
    text = json.dumps(found, indent=1)
    if options.record is not None:
        options.record.write_text(f"{text}\n")
    print(text)


if __name__ == "__main__":
    main()
