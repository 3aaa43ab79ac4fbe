"""The formulas of a space file: read once, checked where they stand."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pydantic_core import PydanticCustomError

from nas.errors import ExpressionError
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse

UNARY = ("x",)
BINARY = ("x1", "x2")


@lru_cache(maxsize=4096)
def template(text: str, variables: tuple[str, ...]) -> Expression:
    """The formula `text` in `variables`. Raises ExpressionError."""
    return parse(text, variables=variables)


def formula(variables: tuple[str, ...]) -> Callable[[str], str]:
    """A validator: the text is a formula in `variables`; spaces around it go."""

    def check(text: str) -> str:
        try:
            template(text.strip(), variables)
        except ExpressionError as error:
            where = {"what": error.what, "allowed": error.allowed or f"formulas in {' and '.join(variables)}"}
            hints = {"cure": error.cure} if error.cure else {}
            raise PydanticCustomError("formula", "not a formula: {what}", where | hints) from None
        return text.strip()

    return check


def distinct(variables: tuple[str, ...]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """A validator: no two of the formulas are one function."""

    def check(texts: tuple[str, ...]) -> tuple[str, ...]:
        seen: dict[Expression, str] = {}
        for text in texts:
            first = seen.setdefault(template(text, variables), text)
            if first != text:
                raise PydanticCustomError(
                    "repeated", "{text} and {first} are one function", {"text": text, "first": first}
                )
        return texts

    return check
