"""What a step of a grammar's rule costs beside torch's own, over the parameters of resnet20.

    python -m tests.benchmarks.rules [--device cpu] [--rounds 60] [--format table|json] [--record FILE]

For each rule that torch has, in rounds of both in turn:

    torch   the class of torch.optim, fused where it has that, else foreach
    fused   `nas.optimizers.rule_step.RuleStep` of the same rule as a formula, one compiled loop
    eager   the same by torch's operations, as on a GPU or without a compiler

Each round times some steps of each; of the rounds' ratios to torch the median and the quartiles are given,
of the times the median. Gradients stay the same from step to step, as memory to read; freed memory is kept,
as in a search. Rules that torch lacks are timed beside them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nas.architectures.library import build
from nas.optimizers.rule_step import RuleStep
from nas.rules.rule import read
from nas.training.memory import keep_freed_memory
from tests.benchmarks.activations import machine
from tests.benchmarks.turns import in_turn

_LR = 1e-6
_STEPS = 20  # timed at once; each takes a tenth of a millisecond
ALLOWED = 1.3  #: times torch's step

#: rule as a formula, and torch's class with its arguments; None where torch lacks it
RULES: dict[str, tuple[str, tuple[str, dict[str, Any]] | None]] = {
    "sgd": ("g", ("SGD", {"fused": True})),
    "momentum": ("10*m(0.9)", ("SGD", {"momentum": 0.9, "fused": True})),
    "nesterov": ("9*m(0.9) + g", ("SGD", {"momentum": 0.9, "nesterov": True, "fused": True})),
    "rmsprop": ("rmsprop", ("RMSprop", {"foreach": True})),
    "adam": ("adam", ("Adam", {"fused": True})),
    "adamw": ("adam", ("AdamW", {"fused": True, "weight_decay": 0.01})),
    "powersign": ("exp(sign(g)*sign(m))*g", None),
    "addsign": ("(1 + sign(g)*sign(m))*g", None),
    "lion": ("sign(0.9*last_m(0.99) + 0.1*g)", None),
}


@dataclass(frozen=True)
class Measured:
    """Microseconds of one step (medians) and ratios to torch's (medians, and quartiles of the fused ones)."""

    rule: str
    formula: str
    torch: str | None
    torch_us: float | None
    fused_us: float
    eager_us: float
    fused_over_torch: float | None
    quartiles: tuple[float, float] | None
    eager_over_torch: float | None


def parameters(device: torch.device, width: int) -> list[nn.Parameter]:
    """Those of resnet20, each with a gradient, laid out as in a training."""
    torch.manual_seed(0)
    network: nn.Module = build(
        "resnet20", channels=3, size=32, classes=10, width=width, activation=lambda channels: nn.ReLU()
    )
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    found = list(network.parameters())
    for parameter in found:
        parameter.grad = torch.randn_like(parameter)
    return found


def measure(name: str, device: torch.device, width: int, rounds: int) -> Measured:
    """Time the three in turn."""
    formula, own = RULES[name]
    decay = 0.01 if own is not None and "weight_decay" in own[1] else 0.0
    ways: dict[str, Callable[[], object]] = {}
    if own is not None:
        theirs = getattr(torch.optim, own[0])(parameters(device, width), lr=_LR, **own[1])
        ways["torch"] = theirs.step
    for way in ("fused", "eager"):
        rule = RuleStep(
            read(formula),
            parameters(device, width),
            [],
            decay=decay,
            decoupled=True,
            native=way == "fused",
        )
        ways[way] = lambda rule=rule: rule.step(_LR)  # type: ignore[misc]
    timed = {way: partial(_timed, step, device) for way, step in ways.items()}
    return _measured(name, formula, own, in_turn(timed, rounds))


def _measured(name: str, formula: str, own: Any, times: dict[str, list[float]]) -> Measured:
    medians = {way: statistics.median(found) for way, found in times.items()}
    if own is None:
        return Measured(name, formula, None, None, medians["fused"], medians["eager"], None, None, None)
    ratios = {
        way: [a / b for a, b in zip(times[way], times["torch"], strict=True)] for way in ("fused", "eager")
    }
    low, _, high = statistics.quantiles(ratios["fused"], n=4)
    form = "fused" if "fused" in own[1] else "foreach"
    return Measured(
        name,
        formula,
        f"{own[0]} ({form})",
        medians["torch"],
        medians["fused"],
        medians["eager"],
        statistics.median(ratios["fused"]),
        (low, high),
        statistics.median(ratios["eager"]),
    )


def _timed(step: Callable[[], object], device: torch.device) -> float:
    """Microseconds of one step."""
    _wait(device)
    begun = time.perf_counter()
    for _ in range(_STEPS):
        step()
    _wait(device)
    return 1e6 * (time.perf_counter() - begun) / _STEPS


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def table(rows: list[Measured]) -> str:
    """For people."""
    lines = [f"{'rule':10} {'torch':>9} {'fused':>9} {'eager':>9} {'fused/torch':>20} {'eager/torch':>11}"]
    for row in rows:
        theirs = "" if row.torch_us is None else f"{row.torch_us:.0f} us"
        line = f"{row.rule:10} {theirs:>9} {row.fused_us:6.0f} us {row.eager_us:6.0f} us"
        if row.fused_over_torch is not None and row.quartiles is not None:
            low, high = row.quartiles
            line += f"  {row.fused_over_torch:6.2f} ({low:.2f}-{high:.2f}) {row.eager_over_torch:11.2f}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    device = torch.device(options.device)
    keep_freed_memory()
    rows = [measure(name, device, options.width, options.rounds) for name in RULES]
    found = parameters(device, options.width)
    ratios = [row.fused_over_torch for row in rows if row.fused_over_torch is not None]
    result = {
        "command": f"python -m tests.benchmarks.rules --device {device.type} --width {options.width}",
        "machine": machine(device),
        "tensors": len(found),
        "numbers": sum(parameter.numel() for parameter in found),
        "rounds": options.rounds,
        "steps_a_round": _STEPS,
        "allowed_over_torch": ALLOWED,
        "worst_over_torch": max(ratios),
        "rules": [asdict(row) for row in rows],
    }
    if options.record is not None:
        options.record.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if options.format == "json":
        print(json.dumps(result, indent=1))
        return
    print(f"{result['numbers']:,} numbers in {result['tensors']} tensors, {result['machine']}")
    print(table(rows))


if __name__ == "__main__":
    main()
