"""What normalizes between a layer and its activation."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table


@dataclass(frozen=True)
class Norm:
    """A normalization by name; layers without one have biases."""

    name: str
    summary: str
    source: str


NORMS = Table(
    "normalization",
    [
        Norm(
            "batch",
            "each channel to mean 0 and variance 1 over the batch, scale and shift learned; in evaluation by"
            " running averages",
            "IoffeSzegedy2015",
        ),
        Norm(
            "layer",
            "each image to mean 0 and variance 1 over all its channels and pixels, scale and shift learned by"
            " channel",
            "BaKirosHinton2016",
        ),
        Norm("none", "none; the layers have biases, and the init shows", "nas"),
    ],
)
