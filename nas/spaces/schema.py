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

    [activation.smooth_max]                      # S_beta(g(x), h(x))
    pieces = [["x", "0"], ["x", "p*x"]]
    parameters = ["channel"]

    [recipe]                                     # any field of `nas.protocol.Recipe`
    nesterov = true                              # a single value is fixed,
    batch_size = [64, 128]                       # a list is a choice,
    lr = { low = 1e-2, high = 1.0, log = true }  # a table is a range

Wherever a formula is used, its learnable parameters are new ones, and their scope is what `parameters` says,
whatever the formula itself says.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from nas.protocol import Recipe
from nas.spaces.formulas import BINARY, UNARY, distinct, formula
from nas.spaces.settings import Settings
from nas.spaces.strict import Line, Many, Strict, as_tuple

SCHEMA = 1  #: the newest schema that this code reads
MAX_DEPTH = 5  #: units inside one another; the paper uses up to 3

Unary = Annotated[str, AfterValidator(formula(UNARY))]
Binary = Annotated[str, AfterValidator(formula(BINARY))]
Pair = Annotated[tuple[Unary, Unary], BeforeValidator(as_tuple)]
Scopes = Many[Literal["channel", "scalar"]]


class CoreUnit(Strict):
    """b(u1(x), u2(x)); from the second unit on, x may be the output of the unit before (Ramachandran2017)."""

    depth: Many[Annotated[int, Field(ge=1, le=MAX_DEPTH)]] = (1,)
    unary: Annotated[Many[Unary], AfterValidator(distinct(UNARY))]
    binary: Annotated[Many[Binary], AfterValidator(distinct(BINARY))]
    parameters: Scopes = ("channel",)


class SmoothMax(Strict):
    """S_beta(g, h) = (g - h) sigmoid(beta (g - h)) + h; beta from 0 to oo, mean to maximum (Ma2021)."""

    pieces: Annotated[Many[Pair], BeforeValidator(as_tuple)]
    parameters: Scopes = ("channel",)


class Productions(Strict):
    """What gives an activation function; where both are there, which one is a decision."""

    core_unit: CoreUnit | None = None
    smooth_max: SmoothMax | None = None

    @model_validator(mode="after")
    def _any(self) -> Productions:
        if self.core_unit is None and self.smooth_max is None:
            allowed = "[activation.core_unit], [activation.smooth_max] or both"
            raise PydanticCustomError("empty", "there is nothing to search", {"allowed": allowed})
        return self


class SpaceFile(Strict):
    """A search space as its file says it, checked."""

    version: Annotated[int, Field(alias="schema", ge=SCHEMA, le=SCHEMA)]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]
    summary: Line = ""
    source: Line = ""
    activation: Productions
    settings: Annotated[Settings, Field(alias="recipe")] = Settings()

    def recipe(self, default: Recipe) -> Recipe:
        """`default` with what this file fixes."""
        return Recipe(**(default.model_dump() | self.settings.fixed()))

    def to_data(self) -> dict[str, Any]:
        """Plain data, as TOML has them, that read back to an equal file; what is not set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
