"""`nas.replace_activations`: another activation function in a network that is already there."""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.activations.channels import Layout, Place, follow, watch
from nas.activations.module import Activation
from nas.errors import SettingError
from nas.symbolic.expression import Expression
from nas.symbolic.naming import name_of
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse

_log = logging.getLogger("nas")

#: where two functions are compared: of both signs, on no kink, beyond the bounds of the clipped ones
_POINTS = (
    -7.31,
    -3.61,
    -2.93,
    -0.83,
    -0.57,
    -0.211,
    -0.013,
    0.0071,
    0.147,
    0.53,
    1.71,
    3.37,
    5.93,
    7.1,
    25.3,
)

#: what a module may hold as an attribute; torch has some of them twice
_FUNCTIONS = {
    id(function): function
    for name, function in vars(F).items()
    for function in (function, getattr(torch, name, None))
    if inspect.isroutine(function) and not name.startswith("_")
}


def replace_activations(
    model: nn.Module, old: str | type[nn.Module], candidate: str | Expression, *, example: Any = None
) -> nn.Module:
    """Put `candidate` at every place of `model` where `old` stands; returns `model`, changed in place.

    Like `nn.SyncBatchNorm.convert_sync_batchnorm`: only where `model` itself is such a module is what comes
    back another one. The names of the places are logged by the logger "nas" at level INFO.

    Args:
        old: a class, as nn.ReLU or one of your own, or a name of the catalogue, as "relu": then every module
            of torch's that computes this function, and functions such as F.relu that a module holds as an
            attribute. What a `forward` calls itself, as `F.relu(x)`, is code and cannot be replaced.
        candidate: a formula such as "x*sigmoid(beta*x)", a name of the catalogue, or an expression.
        example: an input of the model, or a tuple of its inputs. The model is called with it once, in
            evaluation mode and without gradients, to see how many channels each place has. Only parameters
            of scope channel need it, and not where a place follows its layer in an nn.Sequential.

    A module that stands or is called at several places stays shared: one set of parameters for each number of
    channels that it meets.

    Raises:
        SettingError: there is no such place, or the channels of one are not known.
        ExpressionError: `old` or `candidate` is no formula.
    """
    expression = candidate if isinstance(candidate, Expression) else parse(candidate)
    places = list(_places(model, _matcher(old)))
    if not places:
        raise _none_found(model, old)
    shapes: dict[str | int, set[Layout]] = {}
    if any(p.scope == "channel" for p in expression.parameters):
        shapes = follow(places) if example is None else watch(model, places, example)
    made: dict[str | int, nn.Module] = {}
    for place in places:
        new = made.setdefault(place.key, _replacement(expression, shapes.get(place.key, set())))
        new.to(_device(place.parent, model))
        if place.parent is None:
            return new
        setattr(place.parent, place.attribute, new)
    _forget_fast_paths(model)
    _log.info("replaced %d places: %s", len(places), ", ".join(place.name for place in places))
    return model


def _device(*modules: nn.Module | None) -> torch.device | None:
    """Where the first tensor of the first module that has one lies."""
    tensors = (t for m in modules if m is not None for t in (*m.parameters(), *m.buffers()))
    return next((tensor.device for tensor in tensors), None)


class Shared(nn.Module):
    """Activations for one place that meets several numbers of channels; each input finds its own."""

    def __init__(self, expression: Expression, shapes: set[Layout]) -> None:
        super().__init__()
        self.axes = {channels: axis for axis, channels in shapes}
        if len(self.axes) < len(shapes):
            raise SettingError(
                "one shared module meets its channels along different axes",
                got=", ".join(f"{channels} along axis {axis}" for axis, channels in sorted(shapes)),
                cure="give each place a module of its own",
            )
        self.of_channels = nn.ModuleDict(
            {str(channels): _activation(expression, axis, channels) for axis, channels in sorted(shapes)}
        )

    def forward(self, x: Tensor) -> Tensor:
        """f at every element of x."""
        for channels, axis in self.axes.items():
            if x.shape[axis] == channels:
                result: Tensor = self.of_channels[str(channels)](x)
                return result
        raise SettingError(
            "an activation meets a number of channels that the example did not show",
            got=tuple(x.shape),
            allowed=", ".join(map(str, self.axes)),
        )


class ChannelsLast(nn.Module):
    """An activation whose channels lie along the last axis, as after nn.Linear."""

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """[..., channels] -> [..., channels]."""
        result: Tensor = self.activation(x.reshape(-1, x.shape[-1])).view(x.shape)
        return result


def _replacement(expression: Expression, shapes: set[Layout]) -> nn.Module:
    if len(shapes) > 1:
        return Shared(expression, shapes)
    axis, channels = next(iter(shapes), (1, 0))
    return _activation(expression, axis, channels)


def _activation(expression: Expression, axis: int, channels: int) -> nn.Module:
    activation = Activation(expression, channels)
    return ChannelsLast(activation) if axis == -1 else activation


def _matcher(old: str | type[nn.Module]) -> Callable[[Any], bool]:
    """Whether something that a module holds is an `old` one."""
    if isinstance(old, type):
        return lambda found: isinstance(found, old)
    expression = parse(old)
    name, values = name_of(expression), torch.from_numpy(evaluate(expression, _POINTS))

    def matches(found: Any) -> bool:
        if isinstance(found, Activation):
            return found.expression == expression
        if expression.parameters:
            return isinstance(found, nn.PReLU) and name == "PReLU"
        return _is_elementwise(found) and _equals(found, values)

    return matches


def _is_elementwise(found: Any) -> bool:
    """A module of torch.nn.modules.activation, or a function of torch.nn.functional."""
    if isinstance(found, nn.Module):
        return type(found).__module__ == nn.modules.activation.__name__ and not list(found.parameters())
    return id(found) in _FUNCTIONS


def _equals(found: Any, values: Tensor) -> bool:
    """Whether it computes `values` at the points; hooks of the user's are not called."""
    points = torch.tensor(_POINTS, dtype=torch.float64)
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            result = type(found).forward(found, points) if isinstance(found, nn.Module) else found(points)
    except (TypeError, ValueError, IndexError, RuntimeError):  # it takes more than one input
        return False
    return (
        isinstance(result, Tensor) and result.shape == values.shape and torch.allclose(result, values, 1e-6)
    )


def _places(model: nn.Module, matches: Callable[[Any], bool]) -> Iterator[Place]:
    """Every attribute of every module that matches; one that is shared comes several times."""
    if matches(model):
        yield Place("the model itself", None, "", model)
        return
    for name, parent in model.named_modules():
        functions = {k: v for k, v in vars(parent).items() if id(v) in _FUNCTIONS}
        for attribute, found in {**parent._modules, **functions}.items():
            if found is not None and matches(found):
                yield Place(f"{name}.{attribute}".lstrip("."), parent, attribute, found)


def _none_found(model: nn.Module, old: str | type[nn.Module]) -> SettingError:
    kinds = Counter(
        type(m).__name__
        for m in model.modules()
        if isinstance(m, Activation) or type(m).__module__ == nn.modules.activation.__name__
    )
    there = ", ".join(f"{n} {name}" for name, n in kinds.items())
    return SettingError(
        "there is no module to replace",
        got=old if isinstance(old, str) else old.__name__,
        allowed=f"in this model: {there or 'no activation modules'}; or a class of modules",
        cure="a function that a forward calls itself, as F.relu(x), is code: make it a module first",
    )


def _forget_fast_paths(model: nn.Module) -> None:
    """In evaluation torch's transformers leave the activation module out and compute what they remember."""
    for module in model.modules():
        if isinstance(module, nn.TransformerEncoderLayer) and not _is_elementwise(module.activation):
            module.activation_relu_or_gelu = 0
    for module in model.modules():
        if isinstance(module, nn.TransformerEncoder):
            plain = all(getattr(layer, "activation_relu_or_gelu", 0) for layer in module.layers)
            module.use_nested_tensor = module.use_nested_tensor and plain
