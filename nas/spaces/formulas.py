"""The formulas of a space file: read once, checked where they stand."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from pydantic_core import PydanticCustomError

from nas.errors import ExpressionError
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse

#: what becomes of a learnable parameter: one for each channel, one for the layer, or its start value
Learning = Literal["channel", "scalar", "fixed"]

UNARY = ("x",)
BINARY = ("x1", "x2")
NARY = ("x1", "x2", "x3")


def variables(count: int) -> tuple[str, ...]:
    """What a formula calls its `count` variables: x, or x1, x2, …"""
    return UNARY if count == 1 else tuple(f"x{i}" for i in range(1, count + 1))


@lru_cache(maxsize=4096)
def template(text: str, names: tuple[str, ...]) -> Expression:
    """The formula `text` in the variables `names`. Raises ExpressionError."""
    return parse(text, variables=names)


def formula(names: tuple[str, ...]) -> Callable[[str], str]:
    """A validator: the text is a formula in the variables `names`; spaces around it go."""

    def check(text: str) -> str:
        try:
            template(text.strip(), names)
        except ExpressionError as error:
            where = {"what": error.what, "allowed": error.allowed or f"formulas in {_listed(names)}"}
            hints = {"cure": error.cure} if error.cure else {}
            raise PydanticCustomError("formula", "not a formula: {what}", where | hints) from None
        return text.strip()

    return check


def distinct(names: tuple[str, ...]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """A validator: no two of the formulas are one function."""

    def check(texts: tuple[str, ...]) -> tuple[str, ...]:
        seen: dict[Expression, str] = {}
        for text in texts:
            first = seen.setdefault(template(text, names), text)
            if first != text:
                raise PydanticCustomError(
                    "repeated", "{text} and {first} are one function", {"text": text, "first": first}
                )
        return texts

    return check


def _listed(names: tuple[str, ...]) -> str:
    """x1, x2 and x3."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
