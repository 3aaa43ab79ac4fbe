"""The table [network] of a space file: which network is trained.

[network]
nets = ["small", "resnet20", "|nor_conv_3x3~0|+|…|"]   # rows of `nas describe arch`, or texts
width = [8, 16]                                        # channels of the first stage
cells = true                                           # any cell of NAS-Bench-201, beside those named
least_score = -1.0                                     # what `nas score` gives less is screened; 0 is the top

[network.macro]                                        # networks by their large choices
block = ["plain", "basic", "bottleneck"]
depth = [1, 2, 3]
pooling = ["max", "average"]
norm = ["batch", "none"]
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from nas.errors import SettingError
from nas.rows.cells import OPERATIONS, draw_cell
from nas.rows.macros import BLOCKS, MOST_DEPTH, MOST_WIDTH, POOLINGS, Macro
from nas.rows.networks import network
from nas.rows.norms import NORMS
from nas.spaces.decisions import Chooser, Value
from nas.spaces.strict import Many, Strict, as_fault, one_of

CELL, MACRO = "(cell)", "(macro)"  #: the options of a network that is put together
_EDGES = 6


def _net(text: str) -> str:
    """A validator: the name or text of a network."""
    try:
        return network(text).name
    except SettingError as error:
        raise as_fault(error) from None


class MacroTable(Strict):
    """Large choices; what is left out is at its default."""

    block: Many[Annotated[str, one_of(BLOCKS, BLOCKS.kind)]] = ("basic",)
    depth: Many[Annotated[int, Field(ge=1, le=MOST_DEPTH)]] = (2,)
    pooling: Many[Annotated[str, one_of(POOLINGS, POOLINGS.kind)]] = ("max",)
    norm: Many[Annotated[str, one_of(NORMS, NORMS.kind)]] = ("batch",)


class NetworkTable(Strict):
    """Which networks are searched."""

    nets: Many[Annotated[str, AfterValidator(_net)]] | None = None
    width: Many[Annotated[int, Field(ge=1, le=MOST_WIDTH)]] | None = None
    cells: bool = False
    macro: MacroTable | None = None
    least_score: Annotated[float | None, Field(le=0, allow_inf_nan=False)] = None

    @model_validator(mode="after")
    def _any(self) -> NetworkTable:
        if not self._options():
            raise PydanticCustomError("empty", "needs nets, cells, a macro table or several of them")
        return self

    def _options(self) -> tuple[str, ...]:
        return (*(self.nets or ()), *((CELL,) if self.cells else ()), *((MACRO,) if self.macro else ()))

    @property
    def has_reference(self) -> bool:
        """A network that is named, or the first large choices."""
        return self.nets is not None or self.cells is False

    def draw(self, chooser: Chooser) -> dict[str, Value]:
        """The network's name or text, and its width where that is searched."""
        net = str(chooser.choose("network", self._options()))
        if net == CELL:
            net = str(draw_cell(lambda name, options: chooser.choose(f"network.{name}", options)))
        elif net == MACRO and self.macro is not None:
            chosen: dict[str, Any] = {
                name: chooser.choose(f"network.macro.{name}", getattr(self.macro, name))
                for name in MacroTable.model_fields
            }
            net = str(Macro(**chosen))
        settings: dict[str, Value] = {"net": net}
        if self.width is not None:
            settings["width"] = chooser.choose("network.width", self.width)
        return settings

    def size(self) -> int | None:
        """Networks, of which several may compute the same."""
        total = len(self.nets or ()) + (len(OPERATIONS) ** _EDGES if self.cells else 0)
        if self.macro is not None:
            count = 1
            for name in MacroTable.model_fields:
                count *= len(getattr(self.macro, name))
            total += count
        return total * len(self.width or (0,))
