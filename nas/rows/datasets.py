"""The data sets: shapes, sizes and the protocol each is used with by default."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table


@dataclass(frozen=True)
class Dataset:
    """Images of `channels` x `size` x `size` pixels in `classes` classes, and defaults that suit them."""

    name: str
    summary: str
    source: str
    channels: int
    size: int  #: pixels a side
    classes: int
    train_images: int  #: images that may be trained and validated on; the test part is not among them
    val_size: int
    width: int
    epochs: int
    seeds: int  #: trainings of each candidate: cheap data can afford a spread by default
    batch_size: int
    lr: float
    flip: bool  #: mirrored images keep their class
    crop: int  #: pixels an image may be shifted


DATASETS = Table(
    "data set",
    [
        Dataset(
            name="digits",
            summary="1,797 handwritten digits of 8x8 pixels, part of scikit-learn: always at hand",
            source="AlpaydinKaynak1998",
            channels=1,
            size=8,
            classes=10,
            train_images=1437,
            val_size=360,
            width=8,
            epochs=8,
            seeds=3,
            batch_size=32,
            lr=0.2,
            flip=False,
            crop=1,
        ),
        Dataset(
            name="cifar10",
            summary="60,000 color photographs of 32x32 pixels in ten classes",
            source="Krizhevsky2009",
            channels=3,
            size=32,
            classes=10,
            train_images=50_000,
            val_size=5_000,
            width=8,
            epochs=3,
            seeds=1,
            batch_size=128,
            lr=0.3,
            flip=True,
            crop=2,
        ),
    ],
)
