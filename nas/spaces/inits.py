"""The table [init] of a space file: how the weights begin.

[init]
inits = ["he_normal", "orthogonal", "lsuv(orthogonal)"]   # rows of `nas describe init`, or texts

[init.grammar]                                            # laws put together, beside those named
head = ["normal", "uniform", "orthogonal"]
fan = ["in", "out", "avg"]
gain = ["one", "he", "own"]
depth = ["none", "sqrt"]
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, model_validator
from pydantic_core import PydanticCustomError

from nas.errors import SettingError
from nas.rows.init_law import Init, law
from nas.rows.init_parts import DEPTHS, FANS, GAINS, HEADS
from nas.rows.init_text import name_of, read
from nas.spaces.decisions import Chooser, Value
from nas.spaces.strict import Many, Strict, as_fault, one_of

GRAMMAR = "(grammar)"  #: the option of an init that is put together


def _init(text: str) -> str:
    """A validator: the text of an init, its parts within what they allow."""
    try:
        read(text)
    except SettingError as error:
        raise as_fault(error) from None
    return text


def _written(init: Init) -> str:
    """The same text for the same init."""
    return name_of(init) or str(init)


class GrammarTable(Strict):
    """Laws put together; a gain that is a number is written as such."""

    head: Many[Annotated[str, one_of(HEADS, HEADS.kind)]] = ("normal",)
    fan: Many[Annotated[str, one_of(FANS, FANS.kind)]] = ("in",)
    gain: Many[Annotated[str, one_of(GAINS, GAINS.kind)] | float] = ("one",)
    depth: Many[Annotated[str, one_of(DEPTHS, DEPTHS.kind)]] = ("none",)


class InitTable(Strict):
    """Which inits are searched."""

    inits: Many[Annotated[str, AfterValidator(_init)]] | None = None
    grammar: GrammarTable | None = None

    @model_validator(mode="after")
    def _any(self) -> InitTable:
        if self.inits is None and self.grammar is None:
            raise PydanticCustomError("empty", "needs inits, a grammar or both")
        return self

    @property
    def has_reference(self) -> bool:
        """An init that is named."""
        return self.inits is not None

    def draw(self, chooser: Chooser) -> dict[str, Value]:
        """The text of the init."""
        table = self.grammar
        chosen = str(chooser.choose("init", (*(self.inits or ()), *((GRAMMAR,) if table else ()))))
        if chosen == GRAMMAR and table is not None:
            head, fan, gain, depth = (
                chooser.choose(f"init.{part}", getattr(table, part)) for part in GrammarTable.model_fields
            )
            gain = gain if isinstance(gain, str) else float(gain)
            return {"init": _written(Init(law(str(head), str(fan), gain, str(depth))))}
        return {"init": _written(read(chosen))}

    def size(self) -> int | None:
        """Texts, of which several may be one init."""
        total = len(self.inits or ())
        if self.grammar is not None:
            laws = 1
            for name in GrammarTable.model_fields:
                laws *= len(getattr(self.grammar, name))
            total += laws
        return total
