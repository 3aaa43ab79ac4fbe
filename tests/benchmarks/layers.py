"""What the convolutions and the pooling of the network `small` cost beside torch's own, forward and backward.

    python -m tests.benchmarks.layers [--width 8] [--batch 128] [--threads 1] [--rounds 40]
                                      [--format table|json] [--record FILE]

Each round times both in turn, the one that begins alternating. Of the rounds' ratios to torch the median and
the quartiles are given, of the times the median. Everything is in channels_last, as in a training, and freed
memory is kept, as in a search.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from nas.architectures.convolution import Conv2d
from nas.architectures.pooling import HalvingMaxPool
from nas.architectures.stack import Stack
from nas.training.memory import keep_freed_memory
from tests.benchmarks.activations import machine
from tests.benchmarks.turns import in_turn


@dataclass(frozen=True)
class Layer:
    """A convolution to `fan_out` channels, the largest of 2x2 pixels behind it if `pooled`, or that alone."""

    fan_in: int
    fan_out: int | None
    side: int  #: pixels
    pooled: bool

    @property
    def name(self) -> str:
        """For people."""
        kinds = [f"conv 3x3 to {self.fan_out}"] * (self.fan_out is not None) + ["maximum"] * self.pooled
        return f"{', '.join(kinds)}: {self.fan_in} x {self.side} x {self.side}"

    def modules(self) -> tuple[nn.Module, nn.Module]:
        """Torch's and ours, with the same weights."""
        theirs, ours = nn.Sequential(), Stack()
        if self.fan_out is not None:
            for network, kind in ((theirs, nn.Conv2d), (ours, Conv2d)):
                network.append(kind(self.fan_in, self.fan_out, 3, padding=1, bias=False))
        if self.pooled:
            theirs.append(nn.MaxPool2d(2))
            ours.append(HalvingMaxPool())
        ours.load_state_dict(theirs.state_dict())
        for network in (theirs, ours):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return theirs, ours


def of_small(width: int) -> list[Layer]:
    """The convolutions of `small` for images of 3 x 32 x 32, with the pooling behind them."""
    found, side = [Layer(3, width, 32, pooled=False)], 32
    for fan_in, fan_out in ((width, 2 * width), (2 * width, 4 * width), (4 * width, 4 * width)):
        found.append(Layer(fan_in, fan_out, side, pooled=True))
        side //= 2
    return found


def apart(layers: list[Layer]) -> list[Layer]:
    """The convolution and the pooling of each that has both."""
    both = [layer for layer in layers if layer.fan_out is not None and layer.pooled]
    return [replace(layer, pooled=False) for layer in both] + [
        Layer(layer.fan_out or 0, None, layer.side, pooled=True) for layer in both
    ]


@dataclass(frozen=True)
class Measured:
    """Milliseconds of a pass forward and back (medians), their ratios (median and quartiles)."""

    layer: str
    torch_ms: float
    nas_ms: float
    nas_over_torch: float
    quartiles: tuple[float, float]


def passes(layer: Layer, batch: int) -> tuple[Callable[[], list[Tensor]], Callable[[], list[Tensor]]]:
    """Torch's pass and ours over the same images; each gives the output and the gradients that are needed."""
    x = torch.randn(batch, layer.fan_in, layer.side, layer.side).contiguous(memory_format=torch.channels_last)
    x.requires_grad_(layer.fan_in != 3)  # images need none
    theirs, ours = layer.modules()
    upstream = torch.randn_like(theirs(x))

    def passing(module: nn.Module) -> list[Tensor]:
        y = module(x)
        wanted = [t for t in (x, *module.parameters()) if t.requires_grad]
        return [y, *torch.autograd.grad(y, wanted, upstream)]

    return (lambda: passing(theirs)), (lambda: passing(ours))


def measure(layer: Layer, batch: int, rounds: int) -> Measured:
    """Time both in turn."""
    theirs, ours = (partial(_timed, way) for way in passes(layer, batch))
    times = in_turn({"torch": theirs, "nas": ours}, rounds)
    ratios = [a / b for a, b in zip(times["nas"], times["torch"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return Measured(
        layer.name, *(statistics.median(times[way]) for way in ("torch", "nas")), middle, (low, high)
    )


def _timed(way: Callable[[], object]) -> float:
    """Milliseconds of one pass."""
    begun = time.perf_counter()
    way()
    return 1e3 * (time.perf_counter() - begun)


def table(rows: list[Measured]) -> str:
    """For people."""
    lines = [f"{'layer':40} {'torch':>9} {'nas':>9} {'nas/torch':>20}"]
    for row in rows:
        low, high = row.quartiles
        ratio = f"{row.nas_over_torch:6.2f} ({low:.2f}-{high:.2f})"
        lines.append(f"{row.layer:40} {row.torch_ms:6.2f} ms {row.nas_ms:6.2f} ms {ratio:>20}")
    return "\n".join(lines)


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("width", 8), ("batch", 128), ("threads", 1), ("rounds", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    keep_freed_memory()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    layers = of_small(options.width)
    rows = [measure(layer, options.batch, options.rounds) for layer in [*layers, *apart(layers)]]
    whole = rows[: len(layers)]
    result = {
        "command": f"python -m tests.benchmarks.layers --width {options.width} --batch {options.batch} "
        f"--threads {options.threads}",
        "machine": machine(torch.device("cpu")),
        "rounds": options.rounds,
        "network_over_torch": sum(row.nas_ms for row in whole) / sum(row.torch_ms for row in whole),
        "layers": [asdict(row) for row in rows],
    }
    text = json.dumps(result, indent=1)
    if options.record is not None:
        options.record.write_text(text + "\n", encoding="utf-8")
    if options.format == "json":
        print(text)
        return
    print(table(rows))
    print(f"the network's ({len(whole)} rows): {result['network_over_torch']:.2f} of torch's time")


if __name__ == "__main__":
    main()
