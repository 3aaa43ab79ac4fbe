"""Any init for any of our networks, from a seed; what data have to say comes last.

Layers with weights, in the order in which the network names them, the last one apart:

    hidden layers   weights by the law, biases 0; what is behind no activation (where the images come in) has
                    gain 1 under the laws `own`, `own_backward` and `auto`
    last layer      weights and biases Unif(-1/sqrt n, 1/sqrt n), n its fan-in, as torch has it: the same
                    start for every init; with `constant` as the others, with `fixup` 0
    anything else   (normalization, parameters inside activations) is left alone

Depth scalings count the residual branches that a network declares (`layers.branches`) and leave alone layers
that normalization follows, where a scale cancels; networks without such branches are as without them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nas.errors import SettingError
from nas.initialization.autoencoder import pretrain
from nas.initialization.draw import draw, fans_of
from nas.initialization.gain import HE, gain_for
from nas.initialization.layers import Layer, branches, layers
from nas.initialization.lsuv import unit_variance
from nas.initialization.whitening import whiten
from nas.rows.init_law import Init, Law
from nas.rows.init_text import read
from nas.symbolic.expression import Expression

_STEPS: dict[str, Callable[[nn.Module, Sequence[Layer], Tensor], None]] = {
    "lsuv": unit_variance,
    "whitening": whiten,
    "autoencoder": pretrain,
}


@dataclass(frozen=True)
class Drawn:
    """The law of one layer's weights, before data had a say."""

    layer: Layer
    gain: float  #: with its depth scaling
    mean_square: float  #: E w^2

    @property
    def forward_gain(self) -> float:
        """sqrt(fan_in E w^2)."""
        return math.sqrt(fans_of(self.layer.module).of("in") * self.mean_square)


def apply(
    network: nn.Module,
    init: str | Init,
    expression: Expression,
    *,
    seed: int,
    batch: Callable[[], Tensor] | None = None,
) -> tuple[Drawn, ...]:
    """Draw the weights of `network` anew; the hidden layers' laws, first layer first.

    expression  the activation of the network, for the gains that depend on it
    seed        all candidates under one init get the same random numbers, scaled; those of `auto` on networks
                with batch norm are bit for bit what `nas.architectures.library.build` draws after
                `torch.manual_seed(seed)`
    batch       gives training images as the network takes them; asked only by inits that need data

    Raises:
        SettingError: no such init, or it needs data and there is no batch.
    """
    wanted = read(init) if isinstance(init, str) else init
    if wanted.steps and batch is None:
        raise SettingError("this init needs training images", got=str(wanted), cure="give it a batch")
    generator = _generator(seed)
    found = layers(network)
    scales = _depth_scales(network, found, wanted.law.depth)
    drawn = []
    for layer in found:
        scale = scales.get(layer.name, 1.0)
        if layer.last and wanted.law.head != "constant":
            _last(layer.module, scale, generator)
            continue
        gain = gain_at(layer, wanted.law, expression) * scale
        draw(layer.module, wanted.law, gain, generator)
        if layer.module.bias is not None:
            nn.init.zeros_(layer.module.get_parameter("bias"))
        drawn.append(Drawn(layer, gain, gain**2 / wanted.law.divisor(fans_of(layer.module))))
    if wanted.steps and batch is not None:
        images = batch()
        hidden = [layer for layer in found if not layer.last]
        for step in wanted.steps:
            _STEPS[step](network, hidden, images)
    return tuple(drawn)


def gain_at(layer: Layer, law: Law, expression: Expression) -> float:
    """The gain that `law` asks for at `layer`, without depth scaling."""
    if law.value is not None:
        return law.value
    if law.gain == "auto" and layer.normalized:
        return HE
    return gain_of(law, expression) if layer.activated else 1.0


def gain_of(law: Law, expression: Expression) -> float:
    """The gain of `law` behind an activation where nothing normalizes; sqrt 2 if the law's own is none."""
    if law.value is not None:
        return law.value
    own = gain_for(expression, "fan_out" if law.gain == "own_backward" else "fan_in")
    return HE if own is None else own


def forward_gain(drawn: Sequence[Drawn]) -> float | None:
    """sqrt(fan_in E w^2) of the first layer behind an activation; None without one."""
    return next((one.forward_gain for one in drawn if one.layer.activated), None)


def _last(layer: nn.Module, scale: float, generator: torch.Generator) -> None:
    bound = scale * fans_of(layer).of("in") ** -0.5
    nn.init.uniform_(layer.get_parameter("weight"), -bound, bound, generator=generator)
    if layer.bias is not None:
        nn.init.uniform_(layer.get_parameter("bias"), -bound, bound, generator=generator)


def _depth_scales(network: nn.Module, found: Sequence[Layer], depth: str) -> dict[str, float]:
    """What the gains of layers are multiplied by, by the layers' names; 1 for those that are not there."""
    names = {id(layer.module): layer.name for layer in found}
    free = {layer.name for layer in found if not layer.normalized}
    lines = [[names[id(module)] for module in branch] for branch in branches(network)]
    count, scales = len(lines), {}
    for *inner, last in lines if depth != "none" else ():
        scales[last] = 0.0 if depth == "fixup" else count**-0.5
        if depth == "fixup":
            scales |= dict.fromkeys(inner, count ** (-1 / (2 * len(inner)))) if inner else {}
    scales = {name: scale for name, scale in scales.items() if name in free}
    if depth == "fixup" and scales:
        scales[found[-1].name] = 0.0
    return scales


def _generator(seed: int) -> torch.Generator:
    """The generator that `build` makes from torch's global one, seeded with `seed`."""
    first = torch.Generator().manual_seed(seed)
    return torch.Generator().manual_seed(int(torch.randint(2**62, (), generator=first)))
