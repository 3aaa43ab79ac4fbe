"""How much faster nas searches than a loop written by hand, both measured in one run.

    python -m tests.benchmarks.yardstick --data-dir DIR [--trials 20] [--rounds 1] [--format json]

Each round runs `plain_search` and `nas search --space yardstick` as processes of their own, one after the
other, at one protocol: the same space, network, width, epochs, images, sampler and number of trials. Odd
rounds run the plain loop first, even ones nas, so that a machine that slows down favors neither. Time is the
whole process's wall clock from its start to its end, imports and reading the data included. A trial that nas
ends early as diverged counts as a trial, and only with the images it was really trained on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.plain_search import PROTOCOL


@dataclass(frozen=True)
class Measurement:
    """What one search did in `seconds` of wall clock."""

    trials: int
    train_images: int
    seconds: float
    best_val_acc: float

    @property
    def trials_per_hour(self) -> float:
        """Trials an hour of wall clock."""
        return 3600 * self.trials / self.seconds

    @property
    def images_per_second(self) -> float:
        """Training images a second of wall clock."""
        return self.train_images / self.seconds


def total(parts: Sequence[Measurement]) -> Measurement:
    """Several searches as one."""
    return Measurement(
        trials=sum(part.trials for part in parts),
        train_images=sum(part.train_images for part in parts),
        seconds=sum(part.seconds for part in parts),
        best_val_acc=max(part.best_val_acc for part in parts),
    )


def measure_plain(data_dir: Path, protocol: dict[str, int]) -> Measurement:
    """Time the loop written by hand."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in protocol.items()]
    output, seconds = _timed(["-m", "tests.benchmarks.plain_search", f"--data-dir={data_dir}", *options])
    result = json.loads(output)
    return Measurement(
        len(result["trials"]), result["train_images"], seconds, max(row[3] for row in result["trials"])
    )


def measure_nas(data_dir: Path, protocol: dict[str, int]) -> Measurement:
    """Time nas at the same protocol; what it did is read from its leaderboard."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in protocol.items()]
    fixed = ["--space=yardstick", "--net=small", "--sampler=tpe", "--seeds=1", "--no-baselines", "-q"]
    with tempfile.TemporaryDirectory() as runs_dir:
        place = [f"--runs-dir={runs_dir}"]
        _, seconds = _timed(
            ["-m", "nas", "search", *fixed, *place, "--name=bench", f"--data-dir={data_dir}", *options]
        )
        output, _ = _timed(["-m", "nas", "leaderboard", "bench", *place, "--format=json"])
    rows = json.loads(output)
    scores = [row["val_acc"] for row in rows if row["val_acc"] is not None]
    return Measurement(len(rows), sum(row["train_images"] for row in rows), seconds, max(scores, default=0.0))


def _timed(arguments: list[str]) -> tuple[str, float]:
    """The stdout of this Python with `arguments`, and its wall-clock seconds; a failure is shown."""
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}\nexited {done.returncode}:\n{done.stderr}")
    return done.stdout, time.perf_counter() - begun


def compare(data_dir: Path, protocol: dict[str, int], rounds: int) -> dict[str, object]:
    """Run `rounds` of both in turn; their figures, the ratios nas / plain, and the machine."""
    sides = {"plain": measure_plain, "nas": measure_nas}
    measured: dict[str, list[Measurement]] = {name: [] for name in sides}
    for number in range(rounds):
        settings = protocol | {"seed": protocol["seed"] + number}
        for name in list(sides) if number % 2 == 0 else reversed(sides):
            measured[name].append(sides[name](data_dir, settings))
            print(f"round {number + 1}, {name}: {measured[name][-1].seconds:.1f} s", file=sys.stderr)
    sums = {name: total(parts) for name, parts in measured.items()}
    return {
        "protocol": protocol | {"rounds": rounds},
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        **{name: figures(side) for name, side in sums.items()},
        "ratios": {
            "trials_per_hour": sums["nas"].trials_per_hour / sums["plain"].trials_per_hour,
            "images_per_second": sums["nas"].images_per_second / sums["plain"].images_per_second,
        },
        "rounds": {name: [figures(part) for part in parts] for name, parts in measured.items()},
    }


def figures(side: Measurement) -> dict[str, float]:
    """The raw counts and both rates."""
    return asdict(side) | {
        "trials_per_hour": side.trials_per_hour,
        "images_per_second": side.images_per_second,
    }


def table(result: dict[str, object]) -> str:
    """The comparison for people."""
    plain, nas, ratios = (result[key] for key in ("plain", "nas", "ratios"))
    assert isinstance(plain, dict)
    assert isinstance(nas, dict)
    assert isinstance(ratios, dict)
    lines = [f"{'':22}{'plain loop':>12}{'nas':>12}{'ratio':>8}"]
    for key, label, digits in (
        ("trials", "trials", 0),
        ("train_images", "training images", 0),
        ("seconds", "seconds", 1),
        ("trials_per_hour", "trials per hour", 1),
        ("images_per_second", "training images/s", 0),
        ("best_val_acc", "best val accuracy", 4),
    ):
        ratio = f"{ratios[key]:8.2f}" if key in ratios else ""
        lines.append(f"{label:22}{plain[key]:12.{digits}f}{nas[key]:12.{digits}f}{ratio}")
    return "\n".join(lines)


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="CIFAR-10's binary files")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    for name, default in PROTOCOL.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    options = vars(parser.parse_args())
    data_dir, rounds, form = (options.pop(key) for key in ("data_dir", "rounds", "format"))
    if not (data_dir / "data_batch_5.bin").is_file():
        parser.error(f"--data-dir: no data_batch_5.bin in {data_dir}")
    result = compare(data_dir, options, rounds)
    print(json.dumps(result, indent=2) if form == "json" else table(result))


if __name__ == "__main__":
    main()
