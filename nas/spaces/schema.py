"""What a space file may say, as pydantic models.

    schema = 1
    name = "activations"
    summary = "one line for lists"
    source = "Ramachandran2017"

    [activation.core_unit]                       # b(u1(x), u2(x))
    depth = [1, 2]                               # units, each around the one before
    unary = ["x", "x^2", "beta*x"]               # formulas in x
    binary = ["x1 + x2", "x1*x2"]                # formulas in x1 and x2
    parameters = ["channel", "scalar"]           # one learnable number for each channel, or one for the layer

    tied = false                                 # true: parameters of one name are one parameter

    [activation.smooth_max]                      # S_beta(g(x), h(x), …)
    pieces = [["x", "0"], ["x", "p*x"]]          # these; or in place of them
    any_of = ["0", "x", "p*x", "tanh(x)"]        # … any of these,
    number = [2, 3]                              # … so many at a time
    parameters = ["channel", "fixed"]            # fixed: at its start value

    [activation.shapes]                          # operators put together in given ways
    shapes = ["u(u(x))", "b(u(x), x)", "n(u(x), u(x), u(x))"]
    unary = ["x", "exp(x)"]                      # u: formulas in x
    binary = ["x1 + x2", "power(x1, x2)"]        # b: formulas in x1 and x2
    nary = ["x1*x2*x3"]                          # n: formulas in x1, x2 and x3
    formulas = ["gelu(x)"]                       # whole functions beside them

    [activation.limits]                          # what is outside is never proposed
    complexity = 20                              # most nodes of the tree as written
    nested = { exp = ["exp", "sinh"] }           # operators that may not stand anywhere inside exp

    [optimizer]                                  # update rules: `nas.spaces.optimizers`
    [init]                                       # of the weights: `nas.spaces.inits`
    [network]                                    # architectures: `nas.spaces.networks`

    [recipe]                                     # any field of `nas.protocol.Recipe`
    flip = true                                  # a single value is fixed,
    batch_size = [64, 128]                       # a list is a choice,
    lr = { low = 1e-2, high = 1.0, log = true }  # a table is a range

Wherever a formula is used, its learnable parameters are new ones unless they are tied, and their scope is
what `parameters` says, whatever the formula itself says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from nas.protocol import Protocol, Recipe
from nas.registry import did_you_mean
from nas.spaces.decisions import Interval, Value
from nas.spaces.formulas import BINARY, NARY, UNARY, Learning, distinct, formula, template, variables
from nas.spaces.inits import InitTable
from nas.spaces.networks import NetworkTable
from nas.spaces.optimizers import OptimizerTable
from nas.spaces.parts import First, Part, reference
from nas.spaces.settings import Settings
from nas.spaces.shapes import PARTS, check_shape, parse_shape
from nas.spaces.strict import Line, Many, Strict, as_tuple
from nas.spaces.weights import Limits
from nas.symbolic.primitives import PRIMITIVES

SCHEMA = 1  #: the newest schema that this code reads
MAX_DEPTH = 5  #: units inside one another; the paper uses up to 3
MOST_PIECES = 4  #: of a smooth maximum

Unary = Annotated[str, AfterValidator(formula(UNARY))]
Binary = Annotated[str, AfterValidator(formula(BINARY))]
Nary = Annotated[str, AfterValidator(formula(NARY))]
Unaries = Annotated[Many[Unary], AfterValidator(distinct(UNARY))]
Binaries = Annotated[Many[Binary], AfterValidator(distinct(BINARY))]
Naries = Annotated[Many[Nary], AfterValidator(distinct(NARY))]


def _several(pieces: tuple[str, ...]) -> tuple[str, ...]:
    """A validator: two to MOST_PIECES."""
    if not 2 <= len(pieces) <= MOST_PIECES:
        raise PydanticCustomError("number", "takes 2 to {most} pieces", {"most": MOST_PIECES})
    return pieces


Pieces = Annotated[tuple[Unary, ...], BeforeValidator(as_tuple), AfterValidator(_several)]
ShapeText = Annotated[str, AfterValidator(check_shape)]


class CoreUnit(Strict):
    """b(u1(x), u2(x)); from the second unit on, x may be the output of the unit before (Ramachandran2017)."""

    depth: Many[Annotated[int, Field(ge=1, le=MAX_DEPTH)]] = (1,)
    unary: Unaries
    binary: Binaries
    parameters: Many[Learning] = ("channel",)
    tied: bool = False

    @model_validator(mode="after")
    def _one_start(self) -> CoreUnit:
        return _check_tied(self, {1: self.unary, 2: self.binary})


class SmoothMax(Strict):
    """S_beta(g, h, …), the mean weighted by e^(beta g), e^(beta h), …; from mean to maximum (Ma2021)."""

    pieces: Annotated[Many[Pieces], BeforeValidator(as_tuple)] | None = None
    any_of: Unaries | None = None
    number: Many[Annotated[int, Field(ge=2, le=MOST_PIECES)]] = (2,)
    parameters: Many[Learning] = ("channel",)
    tied: bool = False

    @model_validator(mode="after")
    def _pieces(self) -> SmoothMax:
        if (self.pieces is None) == (self.any_of is None):
            raise PydanticCustomError("empty", "needs pieces or any_of, and takes only one of them")
        return _check_tied(self, {1: self.any_of or (text for texts in self.pieces or () for text in texts)})


class Shapes(Strict):
    """Operators put together as `nas.spaces.shapes` writes it, and whole formulas."""

    shapes: Many[ShapeText] | None = None
    unary: Unaries | None = None
    binary: Binaries | None = None
    nary: Naries | None = None
    formulas: Unaries | None = None
    parameters: Many[Learning] = ("channel",)
    tied: bool = False

    @model_validator(mode="after")
    def _operators(self) -> Shapes:
        if not self.shapes and not self.formulas:
            raise PydanticCustomError("empty", "needs shapes, formulas or both")
        used = set().union(*(parse_shape(text).kinds for text in self.shapes or ()))
        for kind in PARTS:
            if (kind in used) != (getattr(self, kind) is not None):
                problem = "is used by a shape and missing" if kind in used else "is used by no shape"
                raise PydanticCustomError("empty", "{kind} {problem}", {"kind": kind, "problem": problem})
        unary = (*(self.unary or ()), *(self.formulas or ()))
        return _check_tied(self, {1: unary, 2: self.binary or (), 3: self.nary or ()})


T = TypeVar("T", CoreUnit, SmoothMax, Shapes)


def _check_tied(table: T, formulas: Mapping[int, Iterable[str]]) -> T:
    """Tied parameters need one start value; `formulas` by their number of variables."""
    starts: dict[str, float] = {}
    for arity, text in ((arity, text) for arity, texts in formulas.items() for text in texts):
        for parameter in template(text, variables(arity)).parameters if table.tied else ():
            if starts.setdefault(parameter.name, parameter.start) != parameter.start:
                problem = "{name} is tied and has several start values"
                raise PydanticCustomError("tied", problem, {"name": parameter.name})
    return table


class LimitsTable(Strict):
    """What no writing may exceed, as in PySR (Cranmer2023)."""

    complexity: Annotated[int, Field(ge=1)] | None = None
    nested: dict[str, Many[str]] | None = None

    @model_validator(mode="after")
    def _operators(self) -> LimitsTable:
        for name in (n for outer, inner in (self.nested or {}).items() for n in (outer, *inner)):
            if name not in PRIMITIVES:
                hints = {"allowed": ", ".join(PRIMITIVES)}
                if cure := did_you_mean(name, PRIMITIVES):
                    hints["cure"] = cure
                raise PydanticCustomError("operator", "{name} is no operator", {"name": name, **hints})
        return self

    def limits(self) -> Limits:
        """As the grammar checks them."""
        return Limits(self.complexity, {k: frozenset(v) for k, v in (self.nested or {}).items()})


class Productions(Strict):
    """What gives an activation function, where several do by a decision; and what limits all of them."""

    core_unit: CoreUnit | None = None
    smooth_max: SmoothMax | None = None
    shapes: Shapes | None = None
    limits: LimitsTable | None = None

    @model_validator(mode="after")
    def _any(self) -> Productions:
        if self.core_unit is None and self.smooth_max is None and self.shapes is None:
            allowed = "[activation.core_unit], [activation.smooth_max], [activation.shapes] or several"
            raise PydanticCustomError("empty", "there is nothing to search", {"allowed": allowed})
        return self


class SpaceFile(Strict):
    """A search space as its file says it, checked."""

    version: Annotated[int, Field(alias="schema", ge=SCHEMA, le=SCHEMA)]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]
    summary: Line = ""
    source: Line = ""
    activation: Productions
    optimizer: OptimizerTable | None = None
    init: InitTable | None = None
    network: NetworkTable | None = None
    settings: Annotated[Settings, Field(alias="recipe")] = Settings()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The tables beside the activation and the recipe, those that are there."""
        return tuple(part for part in (self.optimizer, self.init, self.network) if part is not None)

    def protocol(self, default: Protocol) -> Protocol:
        """`default` with what this file fixes, and with the first option of what it searches.

        What a candidate decides takes the place of that; baselines are trained under it. Where a range of
        learning rates is searched, theirs is its middle; the default was found for networks with batch norm.
        """
        recipe = Recipe(**(default.recipe.model_dump() | self.settings.fixed() | self._middle_lr))
        return default.model_copy(update={"recipe": recipe}).under({**reference(self.parts), **self.fixed_lr})

    @property
    def fixed_lr(self) -> dict[str, Value]:
        """The learning rate where this file fixes one: then it is that of every rule."""
        return {key: value for key, value in self.settings.fixed().items() if key == "lr"}

    @property
    def _middle_lr(self) -> dict[str, Value]:
        lr = self.settings.dimensions().get("lr")
        return {"lr": First().uniform("lr", lr.low, lr.high, lr.log)} if isinstance(lr, Interval) else {}

    def to_data(self) -> dict[str, Any]:
        """Plain data, as TOML has them, that read back to an equal file; what is not set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
