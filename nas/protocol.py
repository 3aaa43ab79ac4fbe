"""What a score depends on besides the candidate: data, network, budget and recipe. Without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from nas.rows.datasets import DATASETS
from nas.rows.optimizers import default_lr
from nas.rows.pruners import FIDELITIES
from nas.rows.schedules import SCHEDULES


def _schedule(name: str) -> str:
    if name not in SCHEDULES:
        raise ValueError(f"should be one of {', '.join(SCHEDULES)}")
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Recipe(_Strict):
    """How a network is trained: an update rule under a learning rate that rises and falls.

    `schedule = "one_cycle"`: the learning rate rises along half a cosine from `lr / start_div` to `lr` over
    the share `warmup` of all steps and falls along another to `lr / end_div` (Smith & Topin 2018; the numbers
    of `torch.optim.lr_scheduler.OneCycleLR` with `final_div_factor = end_div / start_div`).

    `schedule = "wsd"` (warm-up, stable, decay: Zhai et al. 2022, Hagele et al. 2024): it rises as above over
    the share `warmup` of the lowest rung, stays at `lr`, and falls along a line to `lr / end_div` in the last
    share `cooldown` of a rung's steps. What comes before a cooldown knows nothing of the rung, so a training
    can go on from there to a higher one.
    """

    lr: Annotated[float, Field(gt=0, le=100, description="highest learning rate of the cycle")] = 0.1
    optimizer: Annotated[str, Field(description="update rule: a name, or a formula such as sign(m)")] = (
        "nesterov"
    )
    hyper: Annotated[
        dict[str, float], Field(description="hyperparameters of the rule that are not default")
    ] = {}
    lr_budget: Annotated[
        int, Field(ge=1, le=25, description="learning rates tried, even in log over the rule's range; 1: lr")
    ] = 1
    weight_decay: Annotated[
        float, Field(ge=0, le=1, description="L2 factor in the gradient; never on activation parameters")
    ] = 5e-4
    decay: Annotated[
        Literal["own", "coupled", "decoupled"],
        Field(description="weight decay joins the gradient, or shrinks the weight; own: as the rule has it"),
    ] = "own"
    label_smoothing: Annotated[float, Field(ge=0, lt=1, description="share of the label spread evenly")] = 0.1
    batch_size: Annotated[int, Field(ge=2, le=65536, description="images a step")] = 128
    schedule: Annotated[str, AfterValidator(_schedule), Field(description="of the learning rate")] = (
        "one_cycle"
    )
    cooldown: Annotated[
        float, Field(gt=0, lt=1, description="share of a rung in which lr falls, wsd only")
    ] = 0.3
    warmup: Annotated[float, Field(gt=0, lt=1, description="share of the steps in which lr rises")] = 0.3
    start_div: Annotated[float, Field(ge=1, description="first lr is lr / start_div")] = 25.0
    end_div: Annotated[float, Field(ge=1, description="last lr is lr / end_div")] = 1e4
    flip: Annotated[bool, Field(description="mirror each image with probability 1/2")] = True
    crop: Annotated[int, Field(ge=0, le=16, description="pixels by which an image may be shifted")] = 4
    patience: Annotated[
        int,
        Field(ge=0, le=1000, description="epochs without a lower validation loss, then it stops; 0: never"),
    ] = 0
    norm: Annotated[str, Field(description="a normalization of every layer; own: the network's")] = "own"
    pooling: Annotated[str, Field(description="what halves the sides; own: the network's")] = "own"
    dropout: Annotated[float, Field(ge=0, lt=1, description="share dropped before linear layers")] = 0.0
    init: Annotated[str, Field(description="of the weights: a name, or a text such as normal(gain=he)")] = (
        "auto"
    )
    init_gain: Annotated[
        Literal["auto", "own", "he"],
        Field(description="gain of init auto: own; He's; auto: own where no normalization follows"),
    ] = "auto"
    meta: Annotated[
        bool, Field(description="an activation's beta is made from its input, as in Meta-ACON")
    ] = False


class Protocol(_Strict):
    """Everything that two scores must share before they may be ranked together."""

    data: str
    data_fingerprint: Annotated[str, Field(description="SHA-256 of the images read")] = ""
    task: Annotated[str, Field(description="a function to minimize in place of images; empty: images")] = ""
    net: str = "small"
    width: Annotated[int, Field(ge=1, le=1024)] = 8
    epochs: Annotated[int, Field(ge=1, le=100_000)] = 3
    train_size: Annotated[int | None, Field(ge=2, description="images trained on; None: all")] = None
    val_size: Annotated[int, Field(ge=2)] = 5000
    split_seed: Annotated[int, Field(ge=0, description="cuts validation from training; not --seed")] = 0
    seeds: Annotated[int, Field(ge=1, le=1000, description="trainings of each candidate")] = 1
    seed: Annotated[int, Field(ge=0, description="of inits, batches, augmentation and the sampler")] = 0
    fidelity: Annotated[str, Field(description="what grows from rung to rung")] = "epochs"
    rungs: Annotated[
        tuple[int, ...], Field(description="values of `fidelity`, rising to the full one; empty: only that")
    ] = ()
    recipe: Recipe = Recipe()

    @model_validator(mode="after")
    def _rungs_rise(self) -> Protocol:
        if self.fidelity not in FIDELITIES:
            raise ValueError(f"fidelity should be one of {', '.join(FIDELITIES)}, got {self.fidelity!r}")
        full = getattr(self, self.fidelity)
        rising = all(a < b for a, b in pairwise(self.rungs)) and all(rung > 0 for rung in self.rungs)
        if self.rungs and not (rising and self.rungs[-1] == full):
            raise ValueError(f"rungs should rise to {self.fidelity} = {full}, got {self.rungs}")
        if self.rungs and FIDELITIES.find(self.fidelity).goes_on and self.recipe.schedule != "wsd":
            raise ValueError("a training that goes on from rung to rung needs the schedule wsd")
        return self

    @property
    def ladder(self) -> tuple[int, ...]:
        """The rungs; without any, the full training is the only one."""
        return self.rungs or (getattr(self, self.fidelity),)

    def at(self, rung: int) -> Protocol:
        """That of a training at rung number `rung`; rungs over epochs are parts of one training."""
        if FIDELITIES.find(self.fidelity).goes_on:
            return self
        return self.model_copy(update={self.fidelity: self.ladder[rung], "rungs": ()})

    def epochs_at(self, rung: int) -> int:
        """Epochs of a training up to rung number `rung`."""
        return self.ladder[rung] if FIDELITIES.find(self.fidelity).goes_on else self.epochs

    def under(self, settings: Mapping[str, Any]) -> Protocol:
        """With the settings of a candidate: fields of the recipe, `net` and `width`, and hyperparameters.

        A rule other than the recipe's own starts from its own defaults.
        """
        fields = {k: v for k, v in settings.items() if k in Recipe.model_fields}
        own = {k: v for k, v in settings.items() if k in ("net", "width")}
        hyper = {k: v for k, v in settings.items() if k not in fields and k not in own}
        rule = fields.get("optimizer", self.recipe.optimizer)
        if rule == self.recipe.optimizer:
            hyper = {**self.recipe.hyper, **hyper}
        else:
            fields = {"lr": default_lr(rule), **fields}
        recipe = self.recipe.model_copy(update={**fields, "hyper": hyper})
        return self.model_copy(update={**own, "recipe": recipe})

    @property
    def sample(self) -> int | None:
        """Validation images behind a score; None where a score has no error of a sample."""
        return None if self.task else self.val_size

    @property
    def flat(self) -> dict[str, Any]:
        """What the settings of a candidate may replace, by their names, as it stands here."""
        return {
            "net": self.net,
            "width": self.width,
            **self.recipe.model_dump(exclude={"hyper"}),
            **self.recipe.hyper,
        }

    @property
    def key(self) -> str:
        """Twelve hexadecimal digits, equal for equal protocols."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()[:12]


def default_recipe(data: str) -> Recipe:
    """The recipe that suits the data set called `data`."""
    row = DATASETS.find(data)
    return Recipe(lr=row.lr, batch_size=row.batch_size, flip=row.flip, crop=row.crop)
