"""What the layers of the network `small` cost beside torch's own, forward and backward.

    python -m tests.benchmarks.layers [--width 8] [--batch 128] [--threads 1] [--rounds 40]
                                      [--format table|json] [--record FILE]

Each round times both in turn, the one that begins alternating; of the rounds' ratios to torch the median and
the quartiles are given, of the times the median. Everything is in channels_last, as in a training, and freed
memory is kept, as in a search.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from nas.architectures.convolution import Conv2d
from nas.architectures.pooling import HalvingMaxPool
from nas.training.memory import keep_freed_memory
from tests.benchmarks.activations import machine


@dataclass(frozen=True)
class Layer:
    """One of `small`'s: channels in, channels out (None: the larger of 2x2 pixels), pixels a side."""

    fan_in: int
    fan_out: int | None
    side: int

    @property
    def name(self) -> str:
        """For people."""
        kind = "maximum of 2x2" if self.fan_out is None else f"conv 3x3 to {self.fan_out}"
        return f"{kind}, {self.fan_in} x {self.side} x {self.side}"

    def modules(self) -> tuple[nn.Module, nn.Module]:
        """Torch's and ours, with the same weights."""
        if self.fan_out is None:
            return nn.MaxPool2d(2), HalvingMaxPool()
        theirs, ours = (
            kind(self.fan_in, self.fan_out, 3, padding=1, bias=False) for kind in (nn.Conv2d, Conv2d)
        )
        ours.load_state_dict(theirs.state_dict())
        for module in (theirs, ours):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return theirs, ours


def layers(width: int) -> list[Layer]:
    """Those of `small` for images of 3 x 32 x 32, in their order."""
    found, side = [Layer(3, width, 32)], 32
    for fan_in, fan_out in ((width, 2 * width), (2 * width, 4 * width), (4 * width, 4 * width)):
        found += [Layer(fan_in, fan_out, side), Layer(fan_out, None, side)]
        side //= 2
    return found


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
    ways = dict(zip(("torch", "nas"), passes(layer, batch), strict=True))
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + 2):
        for way in list(ways) if number % 2 else reversed(ways):
            begun = time.perf_counter()
            ways[way]()
            if number >= 2:  # warm
                times[way].append(1e3 * (time.perf_counter() - begun))
    ratios = [ours / theirs for ours, theirs in zip(times["nas"], times["torch"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return Measured(
        layer.name, *(statistics.median(times[way]) for way in ("torch", "nas")), middle, (low, high)
    )


def table(rows: list[Measured]) -> str:
    """For people."""
    lines = [f"{'layer':32} {'torch':>9} {'nas':>9} {'nas/torch':>20}"]
    for row in rows:
        low, high = row.quartiles
        ratio = f"{row.nas_over_torch:6.2f} ({low:.2f}-{high:.2f})"
        lines.append(f"{row.layer:32} {row.torch_ms:6.2f} ms {row.nas_ms:6.2f} ms {ratio:>20}")
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
    rows = [measure(layer, options.batch, options.rounds) for layer in layers(options.width)]
    result = {
        "command": f"python -m tests.benchmarks.layers --width {options.width} --batch {options.batch} "
        f"--threads {options.threads}",
        "machine": machine(torch.device("cpu")),
        "rounds": options.rounds,
        "all_over_torch": sum(row.nas_ms for row in rows) / sum(row.torch_ms for row in rows),
        "layers": [asdict(row) for row in rows],
    }
    text = json.dumps(result, indent=1)
    if options.record is not None:
        options.record.write_text(text + "\n", encoding="utf-8")
    if options.format == "json":
        print(text)
        return
    print(table(rows))
    print(f"all together {result['all_over_torch']:.2f} of torch's time, {result['machine']}")


if __name__ == "__main__":
    main()
