"""What a run that trains named candidates has to train, such as winners of a search: under which protocols.

It is part of `config.toml`, so a run of this kind knows all of it from its first moment on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from nas.protocol import Protocol
from nas.runs.records import Origin


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Entry(_Strict):
    """A candidate as the search left it; `trial`, `val_acc`, `seeds` are None, None, 0 where it had none."""

    expression: str
    name: str | None = None
    complexity: int
    origin: Origin
    settings: Annotated[dict[str, JsonValue], Field(description="it is trained under")] = {}
    trial: Annotated[int | None, Field(description="number in the search")] = None
    val_acc: Annotated[float | None, Field(description="what the search scored it, a fraction")] = None
    seeds: Annotated[int, Field(description="trainings behind that score")] = 0

    @property
    def baseline(self) -> bool:
        """Whether it is there to be compared with."""
        return self.origin == "baseline"


class Roster(_Strict):
    """Every candidate is trained under every protocol, the candidates of one protocol in a row.

    Trial number n of the run is candidate n % len(candidates) under protocol n // len(candidates).
    """

    search: Annotated[
        str, Field(description="folder of the search, seen from the folder of the runs; empty: none")
    ] = ""
    selected_among: Annotated[int, Field(ge=0, description="candidates that the search trained")] = 0
    candidates: Annotated[
        dict[str, Entry], Field(description="by label, RUN:TRIAL; winners first, best first")
    ]
    protocols: Annotated[dict[str, Protocol], Field(description="by label; a confirmation has one")]
    test: Annotated[bool, Field(description="open the test set at the end")] = False
    again: Annotated[bool, Field(description="even where it has been opened")] = False
    test_fingerprint: Annotated[str, Field(description="SHA-256 of the test images")] = ""

    def __len__(self) -> int:
        """Trials in all."""
        return len(self.candidates) * len(self.protocols)

    def trials(self) -> Iterator[tuple[int, str, str]]:
        """(number, label of the protocol, label of the candidate) of every trial, in their order."""
        pairs = ((protocol, candidate) for protocol in self.protocols for candidate in self.candidates)
        return ((number, *pair) for number, pair in enumerate(pairs))

    def winners(self) -> list[str]:
        """The labels of what the search has found."""
        return [label for label, entry in self.candidates.items() if not entry.baseline]

    def search_folder(self, run: Path) -> Path:
        """Where the search of the run in the folder `run` is."""
        return run.resolve().parent / self.search
