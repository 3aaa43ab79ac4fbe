"""torch's own activation modules, and ours, as expressions: the formula that a module computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from nas.symbolic.catalogue import CATALOGUE
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse


def _named(name: str, **constants: str) -> Callable[[Any], str]:
    """The function called `name` in the catalogue; `constants` says which attribute holds which constant."""

    def text(module: Any) -> str:
        row = CATALOGUE.find(name)
        usual = {c.name: c.usual for c in row.constants}
        return row.fixed(usual | {c: float(getattr(module, a)) for c, a in constants.items()})

    return text


def _leaky(slope: float) -> str:
    return CATALOGUE.find("PReLU").fixed({"p": slope})


_FORMULAS: dict[type[nn.Module], Callable[[Any], str]] = {
    nn.Identity: _named("identity"),
    nn.ReLU: _named("ReLU"),
    nn.ReLU6: _named("ReLU6"),
    nn.LeakyReLU: lambda m: _leaky(m.negative_slope),
    nn.PReLU: lambda m: _leaky(float(m.weight.detach().mean())),
    nn.RReLU: lambda m: _leaky((m.lower + m.upper) / 2),
    nn.ELU: _named("ELU", c="alpha"),
    nn.CELU: _named("CELU", alpha="alpha"),
    nn.SELU: _named("SELU"),
    nn.GELU: lambda m: _named("GELU" if m.approximate == "none" else "GELU (tanh)")(m),
    nn.SiLU: _named("SiLU"),
    nn.Mish: _named("Mish"),
    nn.Softplus: _named("Softplus", beta="beta"),
    nn.Hardswish: _named("hard Swish"),
    nn.Hardsigmoid: _named("hard sigmoid"),
    nn.Hardtanh: lambda m: f"max({_number(m.min_val)}, min({_number(m.max_val)}, x))",
    nn.Tanh: _named("tanh"),
    nn.Sigmoid: _named("sigmoid"),
    nn.LogSigmoid: _named("log sigmoid"),
    nn.Softsign: _named("softsign"),
    nn.Tanhshrink: _named("tanh shrink"),
    nn.Softshrink: _named("soft shrink", threshold="lambd"),
}


def expression_of(module: nn.Module) -> Expression | None:
    """What `module` applies to every element; None for no such module.

    Slopes that differ by channel (PReLU) or at random (RReLU) stand at their mean.
    """
    own = getattr(module, "expression", None)
    if isinstance(own, Expression):
        return own
    text = _FORMULAS.get(type(module))
    return None if text is None else parse(text(module))


def _number(value: float) -> str:
    return f"({value!r})"
