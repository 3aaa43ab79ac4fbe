"""Batches straight from memory on the device: no DataLoader, no copies of single images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from nas.datasets.images import Images
from nas.datasets.splits import split
from nas.errors import SettingError
from nas.protocol import Recipe
from nas.seeds import derive
from nas.training.augmentation import mirror, shift
from nas.training.batch import prepared

_VAL_BATCH = {"cpu": 125, "cuda": 2500}  #: images; on a CPU the layers of more do not fit into its cache
_CHUNK = 4096  #: images converted to float64 at a time


@dataclass(frozen=True, eq=False)
class Split:
    """The training and validation parts on one device.

    x_*        uint8 [n, c, h, w]
    y_*        int64 [n]
    mean, std  float32 [1, c, 1, 1] of the training part's pixels, in units of 0..255
    chance     the share of the most frequent class in the validation part
    """

    x_train: Tensor
    y_train: Tensor
    x_val: Tensor
    y_val: Tensor
    mean: Tensor
    std: Tensor
    chance: float

    @property
    def device(self) -> torch.device:
        return self.x_train.device

    @cached_property
    def table(self) -> Tensor:
        """float32 [c, 256]: what each value of a pixel becomes."""
        values = torch.arange(256, device=self.device)
        return torch.sub(values, self.mean.view(-1, 1)).div_(self.std.view(-1, 1))

    @property
    def n_train(self) -> int:
        return len(self.y_train)

    @property
    def n_val(self) -> int:
        return len(self.y_val)


def load_split(
    images: Images, *, train_size: int | None, val_size: int, split_seed: int, device: torch.device
) -> Split:
    """Cut `images` (see `nas.datasets.splits`) and move both parts to `device`."""
    train, val = split(len(images), train_size=train_size, val_size=val_size, split_seed=split_seed)
    x_train = torch.from_numpy(images.x[train])
    y_val = torch.from_numpy(images.y[val])
    mean, std = _moments(x_train)
    return Split(
        x_train=x_train.to(device),
        y_train=torch.from_numpy(images.y[train]).to(device),
        x_val=torch.from_numpy(images.x[val]).to(device),
        y_val=y_val.to(device),
        mean=mean.to(device),
        std=std.to(device),
        chance=float(y_val.bincount().max()) / len(y_val),
    )


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel; exact sums of integers, whatever the number of threads."""
    total = torch.zeros(x.shape[1], dtype=torch.float64)
    squares = torch.zeros_like(total)
    for part in torch.split(x, _CHUNK):
        pixels = part.double()
        total += pixels.sum((0, 2, 3))
        squares += pixels.square_().sum((0, 2, 3))
    n = x.numel() / x.shape[1]
    mean = total / n
    std = (
        (squares / n - mean**2).clamp(min=1.0).sqrt()
    )  # one gray level or more: a constant channel stays finite
    return mean.float().view(1, -1, 1, 1), std.float().view(1, -1, 1, 1)


def steps_per_epoch(data: Split, recipe: Recipe) -> int:
    """Whole batches in the training part; SettingError where there is not even one."""
    steps = data.n_train // recipe.batch_size
    if steps == 0:
        raise SettingError(
            "a batch is larger than the training part",
            got=f"batch_size {recipe.batch_size}",
            allowed=f"at most {data.n_train}",
            cure="raise --train-size or lower the batch size with --set recipe.batch_size=...",
        )
    return steps


def batches(
    data: Split, recipe: Recipe, *, seed: int, epoch: int, first: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch's (x, y): x float32 [b, c, h, w], normalized, channels_last; y int64 [b]; no partial batch.

    Order and augmentation depend on `seed` and `epoch` alone: every candidate sees the same images.
    first  the batch to begin with, for a training that goes on in the middle of an epoch
    """
    n, size = data.n_train, recipe.batch_size
    order = torch.randperm(n, generator=_generator(seed, "batches", epoch))
    draw = _generator(seed, "augment", epoch)
    offsets = torch.randint(2 * recipe.crop + 1, (2, n), generator=draw)
    mirrored = torch.randint(2, (n,), generator=draw).bool()
    order, offsets, mirrored = (t.to(data.device) for t in (order, offsets, mirrored))
    if not recipe.flip:
        mirrored = torch.zeros_like(mirrored)
    for start in range(first * size, n - size + 1, size):
        here = slice(start, start + size)
        x = _batch(data, data.x_train, order[here], offsets[:, here], mirrored[here], recipe.crop)
        yield x, data.y_train[order[here]]


def first_batch(data: Split, recipe: Recipe, seed: int) -> Tensor:
    """The images of the first step of a training, on the CPU, for inits that look at data."""
    return next(batches(data, recipe, seed=seed, epoch=1))[0].cpu()


def validation_batches(data: Split, images: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The first `images` of the validation part as they are: x float32 normalized, channels_last; y int64."""
    for which in torch.split(torch.arange(images, device=data.device), _VAL_BATCH[data.device.type]):
        still = torch.zeros(2, len(which), dtype=torch.int64, device=data.device)
        yield _batch(data, data.x_val, which, still, still[0].bool(), 0), data.y_val[which]


def _batch(
    data: Split, images: Tensor, which: Tensor, offsets: Tensor, mirrored: Tensor, reach: int
) -> Tensor:
    """The images `which`, moved, mirrored and normalized: in C, or by torch with the same bits."""
    dy, dx = offsets
    x = prepared(images, which, dy, dx, mirrored, reach, data.table)
    if x is None:
        x = mirror(shift(images[which], dy, dx, reach), mirrored)
        # arithmetic first: over three channels side by side it would be no vector code
        x = torch.sub(x, data.mean).div_(data.std).contiguous(memory_format=torch.channels_last)
    return x


def _generator(seed: int, purpose: str, epoch: int) -> torch.Generator:
    return torch.Generator().manual_seed(derive(seed, purpose, epoch))
