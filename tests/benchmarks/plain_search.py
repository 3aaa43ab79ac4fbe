"""The yardstick: what one writes in an afternoon with Optuna and PyTorch, neither tuned nor slowed down.

One core unit b(u1(x), u2(x)) of 23 unary and 8 binary functions, none trainable; a small convolutional
network in float32 and torch's default memory format; a DataLoader over tensors; TPE with its defaults on an
SQLite study; every trial trained to its end. Knows nothing of nas.

    python -m tests.benchmarks.plain_search --data-dir DIR --trials 20

DIR holds data_batch_1.bin (trained on) and data_batch_5.bin (validated on) of CIFAR-10's binary version.
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

EPS = 1e-7  # keeps log, sqrt and / away from 0
BATCH = 128
PIXELS = 3 * 32 * 32

UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "x": lambda x: x,
    "-x": torch.neg,
    "|x|": torch.abs,
    "x^2": torch.square,
    "x^3": lambda x: x.pow(3),
    "sqrt|x|": lambda x: (x.abs() + EPS).sqrt(),
    "log": lambda x: (x.abs() + EPS).log(),
    "exp": torch.exp,
    "sin": torch.sin,
    "cos": torch.cos,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": torch.tanh,
    "asinh": torch.asinh,
    "atan": torch.atan,
    "sinc": torch.sinc,
    "max0": torch.relu,
    "min0": lambda x: x.clamp(max=0),
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "gauss": lambda x: (-x * x).exp(),
    "erf": torch.erf,
    "one": torch.ones_like,
}
BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "+": torch.add,
    "*": torch.mul,
    "-": torch.sub,
    "/": lambda a, b: a / (b + EPS),
    "max": torch.maximum,
    "min": torch.minimum,
    "gate": lambda a, b: a.sigmoid() * b,
    "rbf": lambda a, b: (-((a - b) ** 2)).exp(),
}


class CoreUnit(nn.Module):
    """b(u1(x), u2(x)), evaluated operation by operation."""

    def __init__(self, u1: str, u2: str, b: str) -> None:
        super().__init__()
        self.u1, self.u2, self.b = UNARY[u1], UNARY[u2], BINARY[b]

    def forward(self, x: Tensor) -> Tensor:
        """The same shape as `x`."""
        return self.b(self.u1(x), self.u2(x))


def network(unit: Callable[[], nn.Module], width: int) -> nn.Sequential:
    """3x32x32 -> 10 logits: conv-BN-act, three times conv-pool-BN-act, linear."""
    widths = (width, 2 * width, 4 * width, 4 * width)
    layers: list[nn.Module] = []
    for stage, (before, after) in enumerate(zip((3, *widths), widths, strict=False)):
        pool = [nn.MaxPool2d(2)] if stage else []
        layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), *pool, nn.BatchNorm2d(after), unit()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 4 * widths[-1], 10))


def read(file: Path, count: int) -> TensorDataset:
    """The first `count` images of a CIFAR-10 file, normalized per channel, with their labels."""
    records = np.fromfile(file, dtype=np.uint8).reshape(-1, 1 + PIXELS)[:count]
    images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32)).float().div(255)
    mean = torch.tensor([0.4914, 0.4822, 0.4465])[:, None, None]
    std = torch.tensor([0.2470, 0.2435, 0.2616])[:, None, None]
    return TensorDataset((images - mean) / std, torch.from_numpy(records[:, 0].astype(np.int64)))


def fit(net: nn.Module, images: TensorDataset, *, epochs: int) -> int:
    """Train `net`; the number of images trained on, all epochs together."""
    batches: DataLoader[tuple[Tensor, ...]] = DataLoader(images, BATCH, shuffle=True, drop_last=True)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=epochs * len(batches))
    net.train()
    for _ in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
            schedule.step()
    return epochs * len(batches) * BATCH


def accuracy(net: nn.Module, images: TensorDataset) -> float:
    """The fraction of `images` that `net` gets right."""
    net.eval()
    batches: DataLoader[tuple[Tensor, ...]] = DataLoader(images, 500)
    with torch.no_grad():
        return sum(int((net(x).argmax(1) == y).sum()) for x, y in batches) / len(images)


def search(
    data_dir: Path, *, trials: int, epochs: int, width: int, train_size: int, val_size: int, seed: int
) -> dict[str, object]:
    """The whole search: trials as [u1, u2, b, validation accuracy, time of their end], images, seconds."""
    train_part = read(data_dir / "data_batch_1.bin", train_size)
    val_part = read(data_dir / "data_batch_5.bin", val_size)
    rows: list[tuple[str, str, str, float, float]] = []
    train_images = 0

    def objective(trial: optuna.Trial) -> float:
        nonlocal train_images
        u1 = trial.suggest_categorical("u1", list(UNARY))
        u2 = trial.suggest_categorical("u2", list(UNARY))
        b = trial.suggest_categorical("b", list(BINARY))
        torch.manual_seed(seed)
        net = network(lambda: CoreUnit(u1, u2, b), width)
        train_images += fit(net, train_part, epochs=epochs)
        rows.append((u1, u2, b, accuracy(net, val_part), time.time()))
        return rows[-1][3]

    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        study = optuna.create_study(
            storage=f"sqlite:///{folder}/study.db",
            sampler=optuna.samplers.TPESampler(seed=seed),
            direction="maximize",
        )
        study.optimize(objective, n_trials=trials)
    return {"trials": rows, "train_images": train_images, "seconds": time.perf_counter() - begun}


def main() -> None:
    """Read the options, search, print the result as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    for name, default in PROTOCOL.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    print(json.dumps(search(**vars(parser.parse_args()))))


PROTOCOL = {"trials": 20, "epochs": 3, "width": 8, "train_size": 10_000, "val_size": 5_000, "seed": 0}

if __name__ == "__main__":
    main()
