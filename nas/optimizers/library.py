"""From a rule's name to an optimizer of given tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from nas.errors import SettingError
from nas.optimizers.contract import Optimizer
from nas.optimizers.line_search import SEARCHES, LineSearch
from nas.optimizers.muon import Muon
from nas.optimizers.newton import Newton
from nas.optimizers.own import Own
from nas.optimizers.parameters import Parameters
from nas.optimizers.rule_step import RuleStep
from nas.optimizers.sgd import SGD
from nas.optimizers.torch_rules import ARGUMENTS, TorchRule
from nas.optimizers.updates import AdamScalar, Lion, Normalized, Update
from nas.registry import did_you_mean
from nas.rows.optimizers import OPTIMIZERS, Needs, Rule
from nas.rules.language import OPERANDS
from nas.rules.rule import read


def make(
    name: str,
    weights: Iterable[Tensor],
    spared: Iterable[Tensor] = (),
    hyper: Mapping[str, float] | None = None,
    *,
    weight_decay: float = 0.0,
    decoupled: bool | None = None,
    steps: int | None = None,
) -> Optimizer:
    """The rule called, or written as, `name` over `weights`, which decay, and `spared`, which do not.

    hyper      the rule's hyperparameters by name; what is left out is at its default
    decoupled  whether decay shrinks the weight (True) or joins the gradient as an L2 penalty (False); None:
               as the rule's row has it; of a formula False
    steps      how many there will be, for a formula with a schedule

    Raises:
        SettingError: an unknown rule or hyperparameter, a value that makes no sense, a torch that lacks it.
    """
    if name not in OPTIMIZERS and (name in OPERANDS or not name.isidentifier()):
        written = read(name)
        return RuleStep(
            written, weights, spared, decay=weight_decay, decoupled=decoupled or False, steps=steps
        )
    rule = OPTIMIZERS.find(name)
    values = settled(rule, hyper or {})
    decoupled = rule.decoupled if decoupled is None else decoupled
    if rule.torch == "SGD":
        return _sgd(name, weights, spared, values, weight_decay, decoupled)
    parameters = Parameters(weights, spared, decay=weight_decay, decoupled=decoupled)
    if name in SEARCHES:
        return LineSearch(SEARCHES[name], parameters, values)
    if name == "newton":
        return Newton(parameters, values["damping"])
    if name == "muon":
        return Muon(parameters, values["momentum"])
    if rule.torch is None:
        return Own(_update(name, values), parameters)
    return TorchRule(rule.torch, parameters, ARGUMENTS[name](values))


def settled(rule: Rule, hyper: Mapping[str, float]) -> dict[str, float]:
    """The rule's hyperparameters, those of `hyper` in place of the defaults.

    Raises:
        SettingError: one that the rule has not, or a value out of its range.
    """
    known = {row.name: row for row in rule.hyper}
    for name, value in hyper.items():
        if name not in known:
            raise SettingError(
                f"{rule.name} has no such hyperparameter",
                got=name,
                allowed=", ".join(known) or "none",
                cure=did_you_mean(name, known),
            )
        row = known[name]
        if not row.low <= value <= row.high or (row.whole and value != int(value)):
            kind = "whole numbers " if row.whole else ""
            raise SettingError(
                f"{name} of {rule.name} is out of range",
                got=value,
                allowed=f"{kind}from {row.low:g} to {row.high:g}",
            )
    return {name: float(hyper.get(name, row.default)) for name, row in known.items()}


def _sgd(
    name: str,
    weights: Iterable[Tensor],
    spared: Iterable[Tensor],
    values: Mapping[str, float],
    decay: float,
    decoupled: bool,
) -> SGD:
    momentum = values.get("momentum", 0.0)
    return SGD(
        weights,
        spared,
        momentum=momentum,
        nesterov=name == "nesterov",
        dampening=momentum if name == "momentum_averaged" else 0.0,
        decay=decay,
        decoupled=decoupled,
    )


def _update(name: str, values: Mapping[str, float]) -> Update:
    if name == "lion":
        return Lion(values["beta1"], values["beta2"])
    if name == "adam_scalar":
        return AdamScalar(values["beta1"], values["beta2"], values["eps"])
    return Normalized(by_tensor=name == "normalized_norm")


def needs(name: str) -> Needs:
    """What a step of the rule takes; of a formula, the gradient."""
    return OPTIMIZERS[name].needs if name in OPTIMIZERS else "gradient"
