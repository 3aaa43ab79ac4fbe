"""How many channels the places of activations in somebody's network have, and along which axis."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nas.errors import SettingError

Layout = tuple[int, int]  #: axis of the channels, 1 or -1, and how many there are

_SCALAR = "or one parameter for the layer: beta[scalar] in place of beta"

#: modules that leave every axis where it is and its channels as they are
_PASSING = (
    nn.Identity,
    nn.modules.dropout._DropoutNd,
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
)


@dataclass
class Place:
    """Where an activation stands: `parent.attribute`; the model itself has no parent."""

    name: str
    parent: nn.Module | None
    attribute: str
    found: Any  #: a module, or a function

    @property
    def key(self) -> str | int:
        """Equal for places that share one module."""
        return id(self.found) if isinstance(self.found, nn.Module) else self.name


def layout(module: nn.Module) -> Layout | None:
    """The channels in what a layer returns; None for what is no such layer."""
    match module:
        case nn.Linear():
            return -1, module.out_features
        case nn.LayerNorm():
            return -1, module.normalized_shape[-1]
        case nn.modules.conv._ConvNd():
            return 1, module.out_channels
        case nn.modules.batchnorm._NormBase():
            return 1, module.num_features
        case nn.GroupNorm():
            return 1, module.num_channels
    return None


def follow(places: Sequence[Place]) -> dict[str | int, set[Layout]]:
    """key of a place -> layouts, where each place follows its layer in an nn.Sequential."""
    found: dict[str | int, set[Layout]] = {}
    for place in places:
        found.setdefault(place.key, set()).add(_before(place))
    return found


def _before(place: Place) -> Layout:
    if isinstance(place.parent, nn.Sequential):
        names = list(place.parent._modules)
        for name in reversed(names[: names.index(place.attribute)]):
            module = place.parent._modules[name]
            known = layout(module) if module is not None else None
            if known is not None:
                return known
            if not isinstance(module, _PASSING):
                break
    raise SettingError(
        f"the number of channels at {place.name} is not known",
        cure=f"show an input, as example=torch.randn(2, 3, 32, 32), {_SCALAR}",
    )


def watch(model: nn.Module, places: Sequence[Place], example: Any) -> dict[str | int, set[Layout]]:
    """key of a place -> the layouts it meets when the model is called with `example`."""
    met: dict[str | int, set[Layout]] = {}
    last: list[Layout] = []

    def see(place: Place, x: Tensor) -> None:
        met.setdefault(place.key, set()).add(_layout_of(place, x, last[-1] if last else None))

    with ExitStack() as stack:
        for module in model.modules():
            stack.callback(setattr, module, "training", module.training)
            known = layout(module)
            if known is not None:
                hook = module.register_forward_hook(lambda *_, known=known: last.append(known))
                stack.callback(hook.remove)
        for place in places:
            stack.enter_context(_Probe(place, see))
        stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
        torch.backends.mha.set_fastpath_enabled(False)  # it would not call the activation
        stack.enter_context(torch.random.fork_rng())
        stack.enter_context(torch.no_grad())
        model.eval()
        model(*example) if isinstance(example, tuple | list) else model(example)
    for place in places:
        if place.key not in met:
            raise SettingError(
                f"the example does not come to {place.name}", cure=f"an example that does, {_SCALAR}"
            )
    return met


class _Probe:
    """Shows what comes to a place, as long as it is entered."""

    def __init__(self, place: Place, see: Any) -> None:
        self._place, self._see = place, see

    def __enter__(self) -> None:
        place = self._place
        if isinstance(place.found, nn.Module):
            self._hook = place.found.register_forward_pre_hook(lambda _, inputs: self._see(place, inputs[0]))
        else:
            setattr(place.parent, place.attribute, self._call)

    def __exit__(self, *_: object) -> None:
        if isinstance(self._place.found, nn.Module):
            self._hook.remove()
        else:
            setattr(self._place.parent, self._place.attribute, self._place.found)

    def _call(self, x: Tensor, *rest: Any, **named: Any) -> Any:
        self._see(self._place, x)
        return self._place.found(x, *rest, **named)


def _layout_of(place: Place, x: Tensor, last: Layout | None) -> Layout:
    """The channels of x: by the layer that was called last, if its number of them lies along some axis."""
    if last is not None and x.ndim >= 2:
        axis, channels = last
        fitting = [a for a in (axis, -axis) if x.shape[a] == channels]
        if fitting:
            return fitting[0], channels
    if x.ndim == 2:
        return 1, x.shape[1]
    raise SettingError(
        f"which axis holds the channels at {place.name} is not known",
        got=f"an input of shape {tuple(x.shape)}",
        allowed="[batch, channels], or the output of a linear, convolutional or normalizing layer",
        cure=f"put such a layer before it, {_SCALAR}",
    )
