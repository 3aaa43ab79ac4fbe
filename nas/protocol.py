"""What a score depends on besides the candidate: data, network, budget and recipe. Without torch."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from nas.rows.datasets import DATASETS


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Recipe(_Strict):
    """How a network is trained: SGD with momentum under a one-cycle learning rate.

    The learning rate rises along half a cosine from `lr / start_div` to `lr` over the share `warmup` of all
    steps and falls along another to `lr / end_div` (Smith & Topin 2018; the numbers of
    `torch.optim.lr_scheduler.OneCycleLR` with `final_div_factor = end_div / start_div`).
    """

    lr: Annotated[float, Field(gt=0, le=100, description="highest learning rate of the cycle")] = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1, description="momentum of SGD")] = 0.9
    nesterov: Annotated[bool, Field(description="Nesterov's form of the momentum")] = True
    weight_decay: Annotated[
        float, Field(ge=0, le=1, description="L2 factor in the gradient; never on activation parameters")
    ] = 5e-4
    label_smoothing: Annotated[float, Field(ge=0, lt=1, description="share of the label spread evenly")] = 0.1
    batch_size: Annotated[int, Field(ge=2, le=65536, description="images a step")] = 128
    warmup: Annotated[float, Field(gt=0, lt=1, description="share of the steps in which lr rises")] = 0.3
    start_div: Annotated[float, Field(ge=1, description="first lr is lr / start_div")] = 25.0
    end_div: Annotated[float, Field(ge=1, description="last lr is lr / end_div")] = 1e4
    flip: Annotated[bool, Field(description="mirror each image with probability 1/2")] = True
    crop: Annotated[int, Field(ge=0, le=16, description="pixels by which an image may be shifted")] = 4
    init_gain: Annotated[
        Literal["auto", "own", "he"],
        Field(description="gain of the weights: own; He's; auto: own where no normalization follows"),
    ] = "auto"


class Protocol(_Strict):
    """Everything that two scores must share before they may be ranked together."""

    data: str
    data_fingerprint: Annotated[str, Field(description="SHA-256 of the images read")] = ""
    net: str = "small"
    width: Annotated[int, Field(ge=1, le=1024)] = 8
    epochs: Annotated[int, Field(ge=1, le=100_000)] = 3
    train_size: Annotated[int | None, Field(ge=2, description="images trained on; None: all")] = None
    val_size: Annotated[int, Field(ge=2)] = 5000
    split_seed: Annotated[int, Field(ge=0, description="cuts validation from training; not --seed")] = 0
    seeds: Annotated[int, Field(ge=1, le=1000, description="trainings of each candidate")] = 1
    seed: Annotated[int, Field(ge=0, description="of inits, batches, augmentation and the sampler")] = 0
    recipe: Recipe = Recipe()

    @property
    def key(self) -> str:
        """Twelve hexadecimal digits, equal for equal protocols."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()[:12]


def default_recipe(data: str) -> Recipe:
    """The recipe that suits the data set called `data`."""
    row = DATASETS.find(data)
    return Recipe(lr=row.lr, batch_size=row.batch_size, flip=row.flip, crop=row.crop)
