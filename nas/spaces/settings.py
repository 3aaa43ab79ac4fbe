"""The recipe in a space file: the fields of `nas.protocol.Recipe` as a value, a list or a range.

Update rule and init have tables of their own, `nas.spaces.optimizers` and `nas.spaces.inits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from pydantic import BeforeValidator, Discriminator, Tag, create_model, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from nas.protocol import Recipe
from nas.spaces.decisions import Choice, Dimension, Interval, Value
from nas.spaces.strict import Many, Strict

N = TypeVar("N", bound=float)

#: the fields of the recipe that the table [recipe] may hold
SEARCHED = tuple(key for key in Recipe.model_fields if key not in ("optimizer", "hyper", "init"))


class Range(Strict, Generic[N]):
    """Any number from `low` to `high`."""

    low: N
    high: N
    log: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Range[N]:
        if self.low >= self.high:
            raise PydanticCustomError("order", "low should be less than high")
        if self.log and self.low <= 0:
            raise PydanticCustomError("order", "low should be greater than 0 where log is true")
        return self


class _Settings(Strict):
    """What the recipe table states; a key that is not stated is None."""

    def fixed(self) -> dict[str, Value]:
        """What has one value only."""
        return {k: v for k, v in self._stated().items() if not isinstance(v, Choice | Interval)}

    def dimensions(self) -> dict[str, Dimension]:
        """What every candidate decides for itself."""
        return {k: v for k, v in self._stated().items() if isinstance(v, Choice | Interval)}

    def _stated(self) -> dict[str, Value | Dimension]:
        return {key: meaning(value) for key, value in self if value is not None}


def meaning(value: Any) -> Value | Dimension:
    """A value, several or a range of a space file, as a decision where it is one."""
    if isinstance(value, Range):
        return Interval(value.low, value.high, value.log)
    if isinstance(value, tuple) and len(value) > 1:
        return Choice(value)
    single: Value = value[0] if isinstance(value, tuple) else value
    return single


def kind_of(value: Any) -> str:
    """The tag of a value in a space file: value, list or range."""
    if isinstance(value, dict | Range):
        return "range"
    return "list" if isinstance(value, list | tuple) else "value"


def _no_range(value: Any) -> Any:
    raise PydanticCustomError("no_range", "takes no range", {"allowed": "a value or a list of values"})


def _type_of(field: FieldInfo) -> Any:
    """What a recipe key takes: a value within the field's bounds, several of them, or a range of reals."""
    one: Any = field.annotation
    for bound in field.metadata:
        one = Annotated[one, bound]
    range_of: Any = Range
    ranged = range_of[one] if field.annotation is float else Annotated[Any, BeforeValidator(_no_range)]
    value, several = Annotated[one, Tag("value")], Annotated[Many[one], Tag("list")]
    return Annotated[value | several | Annotated[ranged, Tag("range")], Discriminator(kind_of)]


if TYPE_CHECKING:
    Settings = _Settings
else:  # one field for each of the recipe's, so that a new one may be searched at once
    _fields = {key: (_type_of(Recipe.model_fields[key]), None) for key in SEARCHED}
    Settings = create_model("Settings", __base__=_Settings, **_fields)
