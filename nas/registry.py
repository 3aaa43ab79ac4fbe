"""A table of named rows: a taken name raises, an unknown one suggests a near one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Protocol, TypeVar

from nas.errors import NasError, SettingError


class Row(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str: ...


R = TypeVar("R", bound=Row)


class Table(Mapping[str, R]):
    """The rows of one kind by name, in the order they were written."""

    def __init__(self, kind: str, rows: Iterable[R], error: type[NasError] = SettingError) -> None:
        self.kind = kind
        self._error = error
        self._rows: dict[str, R] = {}
        for row in rows:
            if row.name in self._rows:
                raise ValueError(f"{kind} {row.name!r} is in the table twice")
            self._rows[row.name] = row

    def __getitem__(self, name: str) -> R:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, name: str) -> R:
        """The row called `name`; otherwise an error that lists the names and suggests a near one."""
        try:
            return self._rows[name]
        except KeyError:
            raise self._error(
                f"there is no {self.kind} of this name",
                got=name,
                allowed=", ".join(self._rows),
                cure=did_you_mean(name, self._rows),
            ) from None


def did_you_mean(name: str, names: Iterable[str]) -> str | None:
    """A hint with the nearest of `names`, or None where none is near."""
    near = get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else None
