"""A chooser whose decisions are hypothesis's, so that failures shrink."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from nas.spaces.decisions import Value


class Drawn:
    """Takes every decision from hypothesis's data."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        return self._data.draw(st.sampled_from(list(options)), label=name)

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        return self._data.draw(st.floats(low, high), label=name)
