"""The table [optimizer] of a space file: which update rule, at which hyperparameters.

    [optimizer]
    rules = ["nesterov", "adam", "exp(sign(g)*sign(m))*g"]   # rows of `nas describe optimizer`, or formulas
    tune = ["lr", "beta2"]                                   # searched over the range of the rule's row
    [optimizer.hyper]
    momentum = [0.9, 0.95]                                   # for every rule that has it, in place of that

    [optimizer.grammar]                                      # rules put together, beside those named
    operands = ["g", "m", "sign(g)", "sign(m)"]
    unary = ["x", "-x", "exp(x)"]
    binary = ["x1 + x2", "x1*x2"]
    outer = ["x"]
    depth = 1

A learning rate in [recipe] holds for every rule; where there is none, a rule has the default of its row.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from nas.errors import NasError
from nas.registry import did_you_mean
from nas.rows.optimizers import OPTIMIZERS, Hyper
from nas.rules.grammar import DEEPEST, Grammar
from nas.rules.rates import rates
from nas.rules.rule import read
from nas.spaces.decisions import Chooser, Dimension, Interval, Value
from nas.spaces.parts import Numbers, decide, product_of, size_of, sum_of
from nas.spaces.settings import meaning
from nas.spaces.strict import Many, Strict, hints, one_of

HYPERS = tuple(dict.fromkeys(h.name for rule in OPTIMIZERS.values() for h in rule.hyper))
GRAMMAR = "(grammar)"  #: the option of a rule that is put together


def _rule(text: str) -> str:
    """A validator: the name of a rule, or a formula."""
    if text in OPTIMIZERS:
        return text
    try:
        read(text)
    except NasError as error:
        hint = hints(f"{', '.join(OPTIMIZERS)}, or a formula", did_you_mean(text, OPTIMIZERS) or error.cure)
        what = {"text": text, "what": error.what, **hint}
        raise PydanticCustomError("rule", "{text} is no update rule: {what}", what) from None
    return text


_Tunable = Annotated[str, one_of(("lr", *HYPERS), "hyperparameter of any rule")]


class GrammarTable(Strict):
    """Update rules put together (Bello2017)."""

    operands: Many[str]
    unary: Many[str]
    binary: Many[str]
    outer: Many[str] = ("x",)
    depth: Annotated[int, Field(ge=1, le=DEEPEST)] = 1

    @model_validator(mode="after")
    def _readable(self) -> GrammarTable:
        try:
            self.grammar()
        except NasError as error:
            raise PydanticCustomError("grammar", "{what}", {"what": error.what}) from None
        return self

    def grammar(self) -> Grammar:
        """As it is searched."""
        return Grammar(self.operands, self.unary, self.binary, self.outer, self.depth)


class OptimizerTable(Strict):
    """Which rules, and what of them is searched."""

    rules: Many[Annotated[str, AfterValidator(_rule)]] | None = None
    grammar: GrammarTable | None = None
    tune: Many[_Tunable] | None = None
    hyper: dict[_Tunable, Numbers] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _within(self) -> OptimizerTable:
        rows = {h.name: h for rule in OPTIMIZERS.values() for h in rule.hyper if rule.name in self._options()}
        for name, value in self.hyper.items():
            row = rows.get(name)
            if row is not None and not all(row.low <= v <= row.high for v in _values(value)):
                bounds = {"name": name, "low": f"{row.low:g}", "high": f"{row.high:g}"}
                raise PydanticCustomError("range", "{name} should be from {low} to {high}", bounds)
        return self

    def _options(self) -> tuple[str, ...]:
        named = self.rules or (() if self.grammar else ("nesterov",))
        return (*named, GRAMMAR) if self.grammar else named

    @property
    def has_reference(self) -> bool:
        """A rule that is named; of those put together the first one is nothing special."""
        return self.rules is not None or self.grammar is None

    def draw(self, chooser: Chooser) -> dict[str, Value]:
        """The rule, and what of its hyperparameters is searched or fixed here."""
        rule = str(chooser.choose("optimizer.rule", self._options()))
        settings: dict[str, Value] = {}
        for name, value in self._decisions(rule).items():
            chosen = decide(chooser, f"optimizer.{rule}.{name}", value)
            settings[name] = float(round(float(chosen))) if self._whole(rule, name) else chosen
        if rule == GRAMMAR and self.grammar is not None:
            rule = self.grammar.grammar().sample(_Choosing(chooser))
        if rule in OPTIMIZERS:
            return {"optimizer": rule, **settings}
        return {"optimizer": written(rule), "lr": usual_lr(rule), **settings}

    def size(self) -> int | None:
        """Rules, each with its searched hyperparameters."""
        sizes: list[int | None] = []
        for rule in self._options():
            formulas = self.grammar.grammar().count() if rule == GRAMMAR and self.grammar else 1
            sizes.append(product_of([formulas, *map(size_of, self._decisions(rule).values())]))
        return sum_of(sizes)

    def _decisions(self, rule: str) -> dict[str, Value | Dimension]:
        """Of lr and the hyperparameters that the rule has: those that are given or tuned."""
        found: dict[str, Value | Dimension] = {}
        if "lr" in (self.tune or ()) and rule in OPTIMIZERS:
            found["lr"] = _range(OPTIMIZERS[rule].lr)
        for row in OPTIMIZERS[rule].hyper if rule in OPTIMIZERS else ():
            if row.name in self.hyper:
                found[row.name] = meaning(self.hyper[row.name])
            elif row.name in (self.tune or ()):
                found[row.name] = _range(row)
        return found

    @staticmethod
    def _whole(rule: str, name: str) -> bool:
        return rule in OPTIMIZERS and any(h.name == name and h.whole for h in OPTIMIZERS[rule].hyper)


class _Choosing:
    """A chooser of texts."""

    def __init__(self, chooser: Chooser) -> None:
        self._chooser = chooser

    def choose(self, name: str, options: Any) -> object:
        """One of `options`."""
        return self._chooser.choose(name, options)


def written(formula: str) -> str:
    """The same text for a rule however it was put together; the formula itself where it is no rule."""
    try:
        return read(formula).text
    except NasError:
        return formula


def usual_lr(formula: str) -> float:
    """The learning rate that suits the size of the rule's steps."""
    try:
        return rates(formula, 1)[0]
    except NasError:
        return OPTIMIZERS["sgd"].lr.default


def _range(row: Hyper) -> Interval:
    return Interval(row.low, row.high, row.log)


def _values(value: Any) -> tuple[float, ...]:
    meant = meaning(value)
    if isinstance(meant, Interval):
        return meant.low, meant.high
    return tuple(map(float, getattr(meant, "options", (meant,))))
