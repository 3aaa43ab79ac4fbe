"""The resolved configuration of a run as `config.toml`: complete, strict and free of absolute paths."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from nas.errors import RunError
from nas.protocol import Protocol
from nas.registry import did_you_mean
from nas.rows.baselines import BASELINES
from nas.rows.pruners import PRUNERS
from nas.runs.roster import Roster

SCHEMA = 1  #: of `config.toml`; one more with every change that an older nas would misread

_CURE = "restore the file from a copy, or move the run folder away and begin a new run"


def now() -> str:
    """This moment in UTC as ISO 8601 text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def is_absolute(path: str) -> bool:
    """Whether `path` is absolute on any system: what one machine writes another may read."""
    return PurePosixPath(path).is_absolute() or bool(PureWindowsPath(path).anchor)


class RunConfig(BaseModel):
    """What a run does and under which budget; data, network and recipe are in `protocol`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(description="empty: `Run.create` makes one of space and time")] = ""
    kind: Literal["search", "train", "compare", "confirm", "transfer"] = "search"
    created: Annotated[str, Field(description="UTC, ISO 8601")] = Field(default_factory=now)
    sampler: str = "tpe"
    trials: Annotated[int | None, Field(ge=0, description="candidates to train besides the baselines")] = None
    time_seconds: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    images: Annotated[
        int | None, Field(gt=0, description="training images, those of everything together")
    ] = None
    own: Annotated[tuple[str, ...], Field(description="expressions of the user's own, tried first")] = ()
    baselines: Annotated[tuple[str, ...], Field(description="expressions trained first, to compare with")] = (
        BASELINES
    )
    pruner: Annotated[str, Field(description="who goes on from a rung")] = "none"
    reduction: Annotated[int, Field(ge=2, le=100, description="one of so many goes on to the next rung")] = 3
    race: Annotated[bool, Field(description="further seeds go to whoever may still be best")] = False
    device: str = "cpu"
    threads: Annotated[int, Field(ge=1, description="of all trainings that go on at once")] = 1
    workers: Annotated[int, Field(ge=1, description="trainings side by side")] = 1
    data_dir: Annotated[str | None, Field(description="relative to the run folder")] = None
    space: Annotated[dict[str, JsonValue], Field(description="the resolved space file")] = {}
    protocol: Protocol
    roster: Annotated[Roster | None, Field(description="what confirm, transfer and reproduce train")] = None

    @field_validator("created")
    @classmethod
    def _is_time(cls, value: str) -> str:
        if datetime.fromisoformat(value).tzinfo is None:
            raise ValueError("a time with its zone is needed")
        return value

    @field_validator("pruner")
    @classmethod
    def _is_pruner(cls, value: str) -> str:
        if value not in PRUNERS:
            raise ValueError(f"should be one of {', '.join(PRUNERS)}")
        return value

    @model_validator(mode="after")
    def _one_choice(self) -> RunConfig:
        if self.pruner != "none" and self.protocol.recipe.lr_budget > 1:
            raise ValueError("a pruner takes one learning rate: lr_budget should be 1")
        return self

    @field_validator("data_dir")
    @classmethod
    def _is_relative(cls, value: str | None) -> str | None:
        if value is not None and is_absolute(value):
            raise ValueError("a path relative to the run folder is needed")
        return value

    @property
    def threads_each(self) -> int:
        """Of each of the trainings side by side."""
        return max(1, self.threads // self.workers)

    def to_toml(self) -> str:
        """The text of `config.toml`; what is None is left out, as TOML has no word for it."""
        return tomli_w.dumps({"schema": SCHEMA, **_without_none(self.model_dump(mode="json"))})

    @classmethod
    def from_toml(cls, text: str, file: str = "config.toml") -> RunConfig:
        """The inverse of `to_toml`.

        Raises:
            RunError: not TOML, of a newer nas, or a key that is unknown, missing or has an impossible value;
                it names `file` and the key.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RunError(f"{file} is damaged: {error}", cure=_CURE) from error
        _check_schema(data.pop("schema", None), file)
        try:
            return cls.model_validate_json(json.dumps(data, default=str))
        except ValidationError as error:
            raise _explained(error, file) from error


def _without_none(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value
        for key, value in data.items()
        if value is not None
    }


def _check_schema(schema: object, file: str) -> None:
    if type(schema) is int and schema > SCHEMA:
        raise RunError(
            f"{file} was written by a newer version of nas",
            got=f"schema = {schema}",
            allowed=f"schema = {SCHEMA}",
            cure="update nas: pip install --upgrade nas",
        )
    if type(schema) is not int or schema != SCHEMA:
        raise RunError(f"{file}: schema is missing or wrong", got=schema, allowed=str(SCHEMA), cure=_CURE)


def _explained(error: ValidationError, file: str) -> RunError:
    first = error.errors(include_url=False)[0]
    key = ".".join(map(str, first["loc"])) or "the file"
    if first["type"] == "extra_forbidden":
        known = [*RunConfig.model_fields, *Protocol.model_fields]
        return RunError(
            f"{file}: {key} is not a key", cure=did_you_mean(str(first["loc"][-1]), known) or _CURE
        )
    return RunError(f"{file}: {key}: {first['msg']}", got=_given(first["input"]), cure=_CURE)


def _given(value: object) -> object:
    return None if isinstance(value, dict) else value
