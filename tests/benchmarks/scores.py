"""`nas score` over random cells of NAS-Bench-201: seconds a cell, and how the scores agree.

    python -m tests.benchmarks.scores --data-dir DIR [--cells 50] [--seed 0] [--threads N] [--format json]
                                      [--truth FILE] [--reference]

`--truth` names a file with a cell and its accuracy on every line: those cells are scored, and the rank
correlation (Spearman) of each score with that accuracy is printed with its 95 % interval. `--reference`
prints the quantiles of the cells scored and the two extreme ones, as nas/scores/reference.py has them.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr

from nas.datasets.library import load, locate
from nas.rows.cells import Cell, draw_cell
from nas.rows.scores import SCORES
from nas.scores.measure import Measured, Sample, measure
from nas.scores.ranking import score
from nas.spaces.decisions import RandomChooser

LEVELS = np.linspace(0, 1, 21)
EXTREMES = (Cell(("none",) * 6), Cell(("nor_conv_3x3",) * 6))
Record = dict[str, Any]


def random_cells(n: int, seed: int) -> list[str]:
    """`n` cells, all equally likely."""
    chooser = RandomChooser(seed)
    return [str(draw_cell(chooser.choose)) for _ in range(n)]


def record(found: Sequence[Measured], settings: Record) -> Record:
    """What was measured, on what."""
    seconds = [one.seconds for one in found]
    return {
        "settings": settings,
        "versions": {name: importlib.metadata.version(name) for name in ("nas", "torch", "numpy")},
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
        },
        "n": len(found),
        "seconds": {
            "mean": round(float(np.mean(seconds)), 3),
            "median": round(float(np.median(seconds)), 3),
            "longest": round(max(seconds), 3),
        },
        "cells": [
            {
                "arch": one.arch,
                "parameters": one.parameters,
                "macs": one.macs,
                "scores": one.scores,
                "score": score(one.scores),
                "seconds": round(one.seconds, 3),
            }
            for one in found
        ],
    }


def agreement(found: Sequence[Measured], truth: Sequence[float]) -> dict[str, tuple[float, float, float]]:
    """Spearman's correlation of each score with `truth`, and the ends of its interval."""
    columns = {name: [one.scores[name] for one in found] for name in SCORES}
    columns |= {
        "parameters": [one.parameters for one in found],
        "score": [score(one.scores) for one in found],
    }
    return {name: (float(r), *interval(float(r), len(truth))) for name, r in _correlations(columns, truth)}


def _correlations(columns: dict[str, list[float]], truth: Sequence[float]) -> list[tuple[str, float]]:
    return [(name, spearmanr(values, truth).statistic) for name, values in columns.items()]


def interval(r: float, n: int) -> tuple[float, float]:
    """95 %: tanh(artanh r +- 1.96 sqrt((1 + r^2 / 2) / (n - 3))), Bonett & Wright 2000."""
    if n < 4 or not abs(r) < 1:
        return -1.0, 1.0
    reach = 1.96 * math.sqrt((1 + r**2 / 2) / (n - 3))
    return math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)


def quantiles(found: Sequence[Measured]) -> dict[str, list[float]]:
    """The levels of each score among `found`, rounded to six digits."""
    return {
        name: [float(f"{q:.6g}") for q in np.quantile([one.scores[name] for one in found], LEVELS)]
        for name, row in SCORES.items()
        if row.weight > 0
    }


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help="folder with CIFAR-10's binary files")
    parser.add_argument("--cells", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--truth", type=Path, help="file of lines `cell accuracy`")
    parser.add_argument("--reference", action="store_true", help="print quantiles in place of a record")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sample = Sample.of(load(locate("auto", options.data_dir)))
    cells, truth = random_cells(options.cells, options.seed), []
    if options.truth:
        lines = [line.split() for line in options.truth.read_text(encoding="utf-8").splitlines()]
        cells, truth = [line[0] for line in lines], [float(line[1]) for line in lines]
    if options.reference:
        cells += [str(cell) for cell in EXTREMES]
    found = []
    for i, cell in enumerate(cells, start=1):
        found.append(measure(cell, sample))
        print(f"{i} of {len(cells)}: {found[-1].seconds:.1f} s", file=sys.stderr)
    if options.reference:
        print(json.dumps(quantiles(found), indent=1))
        return
    settings = {"data": options.data_dir is not None, "cells": len(cells), "seed": options.seed}
    result = record(found, settings | {"truth": options.truth is not None})
    if truth:
        result["spearman"] = agreement(found, truth)
    print(json.dumps(result) if options.format == "json" else table(result))


def table(result: Record) -> str:
    """The cells by score, best first, and the seconds."""
    rows = sorted(result["cells"], key=lambda one: -one["score"])
    lines = [
        f"{one['score']:8.3f} {one['macs'] / 1e6:8.2f} M {one['seconds']:6.2f} s  {one['arch']}"
        for one in rows
    ]
    seconds = result["seconds"]
    lines.append(f"n = {result['n']}: mean {seconds['mean']} s, longest {seconds['longest']} s a cell")
    for name, (r, low, high) in result.get("spearman", {}).items():
        lines.append(f"{name:16} {r:6.3f}  [{low:.3f}, {high:.3f}]")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
