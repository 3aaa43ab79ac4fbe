"""What compiled candidates cost beside torch's fused SiLU and beside the same formulas in plain torch.

    python -m tests.benchmarks.activations [--device cpu] [--elements 4194304] [--format table|json]

Forward and backward, of 30 candidates (candidates.txt), on x [n, 32, 32, 32] in channels_last:

    compiled   what a search trains with (`nas.activations.module.Activation`)
    composite  the formula operation by operation, differentiated by torch's autograd
    silu       torch.nn.functional.silu, measured in the same rounds

Each number is the least of several rounds in turn, so that what else runs on the machine disturbs little. The
memory allocator is left as torch finds it (a search tells it to keep what it frees).
Beside them: the tensors as large as x that autograd keeps, and on a CPU the seconds of compiling and of
loading from the cache.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from nas.activations.compiled import compiled_code
from nas.activations.eager import eager_code
from nas.activations.module import Activation
from nas.native import compiler
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse

CANDIDATES = Path(__file__).with_name("candidates.txt")
MANY_OPERATIONS = 4
CHANNELS, SIDE = 32, 32
_ROUNDS = 12


@dataclass(frozen=True)
class Measured:
    """Milliseconds of one forward and backward pass, and what it took to get there."""

    expression: str
    operations: int
    compiled_ms: float
    composite_ms: float
    silu_ms: float
    saved: int  #: tensors as large as x that are kept for the backward pass, compiled
    saved_composite: int
    compile_seconds: float | None  #: None where nothing is compiled ahead
    load_seconds: float | None

    @property
    def over_silu(self) -> float:
        """How many times the cost of SiLU."""
        return self.compiled_ms / self.silu_ms

    @property
    def speedup(self) -> float:
        """How many times faster than the composite."""
        return self.composite_ms / self.compiled_ms


def candidates() -> list[Expression]:
    """The committed list."""
    lines = CANDIDATES.read_text(encoding="utf-8").splitlines()
    return [parse(line) for line in lines if line and not line.startswith("#")]


def operations(expression: Expression) -> int:
    """Operators and functions of the formula, each time they stand there."""
    return sum(bool(node.args) for node in expression.form.walk())


def measure(expression: Expression, elements: int, device: torch.device, rounds: int = _ROUNDS) -> Measured:
    """Time `expression` and its two rivals in turn."""
    compile_seconds, load_seconds = _prepared(expression) if device.type == "cpu" else (None, None)
    images = max(elements // (CHANNELS * SIDE**2), 1)
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(images, CHANNELS, SIDE, SIDE, generator=draw).to(
        device, memory_format=torch.channels_last
    )
    upstream = torch.randn(x.shape, generator=draw).to(device, memory_format=torch.channels_last)
    x.requires_grad_()
    module = Activation(expression, CHANNELS).to(device)
    parameters = list(module.parameters())
    ways: dict[str, tuple[Callable[[], Tensor], list[Tensor]]] = {
        "compiled": (lambda: module(x), [x, *parameters]),
        "composite": (lambda: composite(expression, x, parameters), [x, *parameters]),
        "silu": (lambda: F.silu(x), [x]),
    }
    least = {name: float("inf") for name in ways}
    for number in range(rounds + 2):
        for name, (forward, inputs) in ways.items():
            seconds = _timed(forward, inputs, upstream)
            if number >= 2:  # warm
                least[name] = min(least[name], seconds)
    return Measured(
        expression.text,
        operations(expression),
        *(1e3 * least[name] for name in ways),
        saved(ways["compiled"][0], x),
        saved(ways["composite"][0], x),
        compile_seconds,
        load_seconds,
    )


def composite(expression: Expression, x: Tensor, parameters: list[Tensor]) -> Tensor:
    """f(x) by torch's operations, which autograd follows."""
    wide = [p.view(1, -1, 1, 1) if p.ndim else p for p in parameters]
    (value,) = eager_code(expression).forward(x, *wide)
    return value


def saved(forward: Callable[[], Tensor], x: Tensor) -> int:
    """Different tensors of the size of `x` that autograd keeps."""
    kept: dict[int, Tensor] = {}
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.setdefault(t.data_ptr(), t), lambda t: t):
        value = forward()
    del value
    return sum(t.numel() == x.numel() for t in kept.values())


def _timed(forward: Callable[[], Tensor], inputs: list[Tensor], upstream: Tensor) -> float:
    _wait(upstream)
    begun = time.perf_counter()
    torch.autograd.grad(forward(), inputs, upstream)
    _wait(upstream)
    return time.perf_counter() - begun


def _wait(tensor: Tensor) -> None:
    if tensor.device.type == "cuda":
        torch.cuda.synchronize()


def _prepared(expression: Expression) -> tuple[float | None, float | None]:
    """Seconds to compile with an empty cache, then to load as the next process would."""
    if not compiler.available():
        return None, None
    taken = []
    for _ in range(2):
        compiled_code.cache_clear()
        compiler.forget()
        compiler.available()  # finds the compiler and its version, once a process
        begun = time.perf_counter()
        compiled_code(expression)
        taken.append(time.perf_counter() - begun)
    return taken[0], taken[1]


def summary(rows: list[Measured]) -> dict[str, float | int]:
    """Geometric means."""
    many = [row for row in rows if row.operations >= MANY_OPERATIONS]
    mean = statistics.geometric_mean
    compiling = [row.compile_seconds for row in rows if row.compile_seconds is not None]
    loading = [row.load_seconds for row in rows if row.load_seconds is not None]
    return {
        "candidates": len(rows),
        "of_4_operations": len(many),
        "compiled_over_silu": mean([row.over_silu for row in rows]),
        "composite_over_compiled": mean([row.speedup for row in rows]),
        "composite_over_compiled_of_4_operations": mean([row.speedup for row in many or rows]),
        "saved_tensors": max(row.saved for row in rows),
        **({"compile_seconds": statistics.fmean(compiling)} if compiling else {}),
        **({"load_seconds": statistics.fmean(loading)} if loading else {}),
    }


def machine(device: torch.device) -> dict[str, object]:
    """What the figures are of."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return {
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "avx512": "avx512f" in flags,
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0],
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "torch": torch.__version__,
    }


def table(rows: list[Measured], sums: dict[str, float | int]) -> str:
    """For people."""
    lines = [
        f"{'ops':>3} {'compiled':>9} {'/ silu':>7} {'composite':>10} {'speedup':>8} {'saved':>6}  formula"
    ]
    lines += [
        f"{row.operations:3} {row.compiled_ms:6.2f} ms {row.over_silu:7.2f} {row.composite_ms:7.1f} ms "
        f"{row.speedup:8.1f} {row.saved:3}/{row.saved_composite:2}  {row.expression}"
        for row in rows
    ]
    lines += ["", *(f"{name.replace('_', ' '):42} {value:.3g}" for name, value in sums.items())]
    return "\n".join(lines)


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--elements", type=int, default=2**22)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    device = torch.device(options.device)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAS_CACHE_DIR"] = folder
        rows = [measure(e, options.elements, device, options.rounds) for e in candidates()]
    sums = summary(rows)
    if options.format == "table":
        print(table(rows, sums))
    else:
        result = {
            "command": f"python -m tests.benchmarks.activations --device {device.type} --format json",
            "elements": options.elements,
            "machine": machine(device),
            "summary": sums,
            "candidates": [
                asdict(row) | {"compiled_over_silu": row.over_silu, "composite_over_compiled": row.speedup}
                for row in rows
            ],
        }
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
