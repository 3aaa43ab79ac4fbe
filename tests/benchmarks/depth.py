"""The mean square of the signal through a deep network without normalization, for the whole catalogue.

    python -m tests.benchmarks.depth [--conv] [--width 2048] [--depth 50] [--draws 10] [--format json]
                                     [--record runs/records/depth.json]

Three gains side by side, on the same random numbers: each function's own, He's sqrt(2), and, for functions
whose depth slope is above 1 (so that q = 1 is no stable fixed point), the own gain of the smallest larger
mean square at which the slope is at most 1.01. Beside what is measured stands what the recursion
q' = gain^2 E f(sqrt(q) z)^2 predicts; at an unstable fixed point even its rounding errors grow. A record is
written after every draw; the same command goes on where it stopped.

dense: layers of `width`, h' = gain / sqrt(width) W f(h), with 4 inputs of N(0,1) a draw.
conv:  3x3 convolutions of `width` channels with circular padding on images of 8x8 pixels, 1 a draw.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import os
import platform
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nas.activations.module import Activation
from nas.seeds import derive
from nas.symbolic.catalogue import CATALOGUE
from nas.symbolic.expression import Expression
from nas.symbolic.gaussian import depth_slope, gain
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from tests.benchmarks.depth_table import table

LARGER = (4.0, 16.0, 64.0, 256.0)  #: mean squares at which a gain may be fixed anew
MARGINAL = 1.01  #: a slope at which a deviation grows by 1.64 in 50 layers
INPUTS, SIDE = {"dense": 4, "conv": 1}, 8
Z = np.arange(-11.9995, 12, 0.001)  # the middle of each thousandth: no point is a jump
DENSITY = np.exp(-(Z**2) / 2) / math.sqrt(2 * math.pi) * (Z[1] - Z[0])
Record = dict[str, Any]


@dataclass(frozen=True)
class Arm:
    """One gain for one function, from the mean square `start` on."""

    name: str
    gain: float
    start: float = 1.0

    def predicted(self, expression: Expression, depth: int) -> list[float]:
        """q / start after each layer, of infinite width."""
        ratios, q = [], self.start
        with np.errstate(all="ignore"):
            for _ in range(depth):
                q = self.gain**2 * float(np.sum(evaluate(expression, math.sqrt(q) * Z) ** 2 * DENSITY))
                ratios.append(q / self.start)
        return ratios


def arms(expression: Expression) -> list[Arm]:
    """The gains to compare; without an own one there is only He's."""
    found = [Arm("he", math.sqrt(2))]
    own, slope = gain(expression), depth_slope(expression)
    if own is not None and slope is not None:
        found.insert(0, Arm("own", own))
        if slope > MARGINAL:
            at = (q for q in LARGER if (depth_slope(expression, q) or math.inf) <= MARGINAL)
            q = next(at, None)
            if q is not None:
                found.append(Arm("larger", gain(expression, q) or 0.0, q))
    return found


def traces(kind: str, functions: Iterable[Expression], width: int, depth: int, seed: int) -> list[np.ndarray]:
    """q / start after each layer of one draw: [arms, depth] for each function."""
    generator = torch.Generator().manual_seed(seed)
    draw = partial(torch.randn, generator=generator)
    inputs = draw(INPUTS[kind], width, *([SIDE, SIDE] if kind == "conv" else []))
    plans = [(expression, arms(expression)) for expression in functions]
    signals = [torch.stack([math.sqrt(a.start) * inputs for a in plan]) for _, plan in plans]
    modules = [Activation(expression, width) for expression, _ in plans]
    found = [np.zeros((len(plan), depth)) for _, plan in plans]
    with torch.no_grad():
        for layer in range(depth):
            weights = draw(width, width, *([3, 3] if kind == "conv" else [])) / math.sqrt(
                width * (9 if kind == "conv" else 1)
            )
            active = [f(h.flatten(0, 1)) for f, h in zip(modules, signals, strict=True)]
            mixed = torch.split(_mix(torch.cat(active), weights), [len(a) for a in active])
            for index, (_, plan) in enumerate(plans):
                h = mixed[index].view_as(signals[index])
                gains = torch.tensor([a.gain for a in plan]).view(-1, *[1] * (h.ndim - 1))
                signals[index] = gains * h
                squares = signals[index].double().square().flatten(1).mean(1)
                found[index][:, layer] = squares.numpy() / [a.start for a in plan]
    return found


def _mix(signal: Tensor, weights: Tensor) -> Tensor:
    if weights.ndim == 2:
        return signal @ weights.T
    return F.conv2d(F.pad(signal, (1, 1, 1, 1), mode="circular"), weights)


def recorded(depth: int) -> list[int]:
    """The layers, from 1, whose mean square is kept."""
    return sorted({1, 2, depth, *range(5, depth, 5)})


def begun(settings: Record) -> Record:
    """A record without draws: the gains, and q / start after the last layer as the recursion predicts it."""
    functions = []
    for row in CATALOGUE.values():
        expression = parse(row.text)
        functions.append(
            {
                "name": row.name,
                "gain": gain(expression),
                "depth_slope": depth_slope(expression),
                "arms": [
                    {
                        "gain_of": arm.name,
                        "gain": arm.gain,
                        "start": arm.start,
                        "predicted": _rounded(arm.predicted(expression, settings["depth"])[-1:])[0],
                        "mean": [0.0] * len(recorded(settings["depth"])),
                        "last": [],
                    }
                    for arm in arms(expression)
                ],
            }
        )
    machine = {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }
    return {
        "settings": settings,
        "layers": recorded(settings["depth"]),
        "n": 0,
        "seconds": 0.0,
        "versions": {name: importlib.metadata.version(name) for name in ("nas", "torch", "numpy")},
        "machine": machine,
        "functions": functions,
    }


def add_draw(record: Record) -> None:
    """Measure the next draw of `record` and put it in: means over the draws, and each draw's last layer."""
    begin, n, settings = time.perf_counter(), record["n"], record["settings"]
    expressions = [parse(CATALOGUE.find(f["name"]).text) for f in record["functions"]]
    seed = derive(settings["seed"], "depth", settings["kind"], n)
    at = np.array(record["layers"]) - 1
    drawn = traces(settings["kind"], expressions, settings["width"], settings["depth"], seed)
    for function, ratios in zip(record["functions"], drawn, strict=True):
        for arm, trace in zip(function["arms"], ratios, strict=True):
            mean = [math.nan if m is None else m for m in arm["mean"]]
            arm["mean"] = _rounded((np.array(mean) * n + trace[at]) / (n + 1))
            arm["last"] += _rounded(trace[-1:])
    record["n"], record["seconds"] = n + 1, round(record["seconds"] + time.perf_counter() - begin, 1)


def _rounded(values: Iterable[float]) -> list[float | None]:
    return [float(f"{v:.5g}") if math.isfinite(v) else None for v in values]


def main() -> None:
    """Read the options, go on with the record, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conv", action="store_true", help="convolutions in place of dense layers")
    parser.add_argument("--width", type=int, help="units or channels  [2048, 256]")
    parser.add_argument("--depth", type=int, default=50)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", type=Path, help="file that is gone on with and written after every draw")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    kind = "conv" if options.conv else "dense"
    settings = {
        "kind": kind,
        "width": options.width or (256 if options.conv else 2048),
        "depth": options.depth,
        "seed": options.seed,
    }
    records = json.loads(options.record.read_text()) if options.record and options.record.is_file() else {}
    record = records.setdefault(kind, begun(settings))
    if record["settings"] != settings:
        parser.error(f"--record: the file is of other settings, {record['settings']}")
    while record["n"] < options.draws:
        add_draw(record)
        print(f"draw {record['n']} of {options.draws}: {record['seconds']} s", file=sys.stderr)
        if options.record:
            unfinished = options.record.with_suffix(".tmp")
            unfinished.write_text(written(records))
            unfinished.replace(options.record)
    print(written({kind: record}) if options.format == "json" else table(record))


def written(records: Record) -> str:
    """JSON with a line for each function."""
    kinds = []
    for kind, record in records.items():
        head = {key: value for key, value in record.items() if key != "functions"}
        rows = ",\n".join(json.dumps(f) for f in record["functions"])
        kinds.append(f'"{kind}": {json.dumps(head)[:-1]}, "functions": [\n{rows}\n]}}')
    return "{" + ",\n".join(kinds) + "}\n"


if __name__ == "__main__":
    torch.set_flush_denormal(True)  # signals that die out would be computed a hundred times slower
    main()
