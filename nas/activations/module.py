"""`Activation`: an expression as an `nn.Module`; what every network sees of a candidate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from nas.activations import normalized
from nas.activations.compiled import compiled_code
from nas.activations.eager import EagerCode, eager_code
from nas.activations.inductor import InductorCode, inductor_code
from nas.symbolic.expression import Expression


class _Apply(torch.autograd.Function):
    """y = f(x; p). Saves x and p only; the slopes are computed anew in the backward pass."""

    @staticmethod
    def forward(ctx: Any, expression: Expression, x: Tensor, *parameters: Tensor) -> Tensor:
        ctx.expression = expression
        ctx.save_for_backward(x, *parameters)
        fast = compiled_code(expression) if x.device.type == "cpu" else None
        if fast is not None and fast.fits(x, parameters):
            return fast.forward(x, *parameters)
        with torch.autocast(x.device.type, enabled=False):
            (value,) = _torch_code(expression, x.device).forward(
                _wide(x), *(_broadcast(p, x) for p in parameters)
            )
        if not isinstance(value, Tensor) or value.shape != x.shape:  # f does not depend on x
            value = torch.zeros_like(x) + value
        result: Tensor = value.clone() if value is x else value.to(x.dtype)
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, *parameters = ctx.saved_tensors
        fast = compiled_code(ctx.expression) if x.device.type == "cpu" else None
        if fast is not None and fast.fits(x, parameters):
            return None, *fast.backward(x, gradient, *parameters)
        with torch.autocast(x.device.type, enabled=False):
            code = _torch_code(ctx.expression, x.device)
            slope, *rest = code.backward(_wide(x), *(_broadcast(p, x) for p in parameters))
            wide = _wide(gradient)
            sums = [_total(wide * s, p) for s, p in zip(rest, parameters, strict=True)]
            return None, (wide * slope).to(x.dtype), *sums


def _torch_code(expression: Expression, device: torch.device) -> EagerCode | InductorCode:
    return inductor_code(expression) if device.type == "cuda" else eager_code(expression)


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _broadcast(parameter: Tensor, x: Tensor) -> Tensor:
    """[channels] -> [1, channels, 1, 1] beside images, [1, channels] beside vectors; a scalar stays."""
    return parameter.view(1, -1, *[1] * (x.ndim - 2)) if parameter.ndim else parameter


def _total(products: Tensor, parameter: Tensor) -> Tensor:
    """Sum over all that shares the parameter: everything but the channels, or everything."""
    if parameter.ndim == 0:
        return products.sum().to(parameter.dtype)
    return products.sum(dim=[d for d in range(products.ndim) if d != 1]).to(parameter.dtype)


class Activation(nn.Module):
    """f(x; parameters) elementwise; x of shape [batch, channels, ...], y of the same shape.

    Parameters of scope "channel" have shape [channels], of scope "scalar" shape []. They start as the
    expression says; no random number is drawn, so candidates can share the random numbers of everything
    else.
    """

    is_activation = True  #: its parameters get no weight decay

    def __init__(self, expression: Expression, channels: int) -> None:
        super().__init__()
        self.expression = expression
        self.channels = channels
        for parameter in expression.parameters:
            shape = (channels,) if parameter.scope == "channel" else ()
            self.register_parameter(parameter.name, nn.Parameter(torch.full(shape, parameter.start)))

    def forward(self, x: Tensor) -> Tensor:
        """f at every element of x."""
        value: Tensor = _Apply.apply(self.expression, x, *self._values())  # type: ignore[no-untyped-call]
        return value

    def after_norm(self, x: Tensor, norm: nn.BatchNorm2d) -> Tensor | None:
        """f(norm(x)) in fewer passes over memory; None where that cannot be had."""
        return normalized.apply(self.expression, norm, x, *self._values())

    def _values(self) -> list[nn.Parameter]:
        return [self.get_parameter(p.name) for p in self.expression.parameters]

    def extra_repr(self) -> str:
        """The formula."""
        return f"{self.expression.text}, channels={self.channels}"


def form_of(expression: Expression, device: torch.device) -> Literal["compiled", "eager"]:
    """How a network of `expression` computes it on `device`; on a GPU known once it has been tried."""
    if device.type == "cuda":
        fast = inductor_code(expression).compiled
    else:
        fast = normalized.normalized_code(expression) is not None
    return "compiled" if fast else "eager"


def activation(expression: Expression) -> Callable[[int], nn.Module]:
    """What a network asks for: channels -> module."""
    return lambda channels: Activation(expression, channels)
