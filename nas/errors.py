"""The product's errors: what went wrong, what was got, what is allowed, how to cure it.

NasError
├── ExpressionError   a formula that cannot be read or has no meaning
├── SpaceError        a search space that cannot be read or searched
├── SettingError      a setting, option or name out of range
├── DataError         images that are missing, damaged or too few
└── RunError          a run that is missing, locked, finished or cannot be written
"""

from __future__ import annotations


class NasError(Exception):
    """An error for the person at the keyboard; the command line prints it and exits non-zero."""

    def __init__(
        self, what: str, *, got: object = None, allowed: str | None = None, cure: str | None = None
    ) -> None:
        self.what, self.got, self.allowed, self.cure = what, got, allowed, cure
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.got is not None:
            lines.append(f"  got: {_short(self.got)}")
        if self.allowed is not None:
            lines.append(f"  allowed: {self.allowed}")
        if self.cure is not None:
            lines.append(f"  cure: {self.cure}")
        return "\n".join(lines)


def _short(value: object, limit: int = 200) -> str:
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


class ExpressionError(NasError):
    """A formula that cannot be read or has no meaning."""


class SpaceError(NasError):
    """A search space that cannot be read or searched."""


class SettingError(NasError):
    """A setting, option or name that is unknown or out of range."""


class DataError(NasError):
    """Images that are missing, damaged or too few."""


class RunError(NasError):
    """A run that is missing, locked, finished or cannot be written."""
