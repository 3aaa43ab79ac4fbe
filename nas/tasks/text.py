"""Tasks as text: quadratic, quadratic(condition=100, noise=0.1), logistic(batch=32, total=true)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nas.errors import SettingError
from nas.registry import did_you_mean
from nas.rows.tasks import TASKS
from nas.tasks.library import load
from nas.tasks.objective import WHOLE, Objective, View

_FORM = re.compile(r"\s*([a-z-]+)\s*(?:\(([^()]*)\))?\s*")
_CHOICES = ("condition", "noise", "batch", "total")


@dataclass(frozen=True)
class TaskText:
    """A task and what a step sees of it."""

    name: str
    condition: float | None = None
    view: View = WHOLE

    def objective(self) -> Objective:
        """The task itself. SettingError where it has no condition number to choose."""
        return load(self.name, self.condition)

    def __str__(self) -> str:
        chosen = {
            "condition": None if self.condition is None else f"{self.condition:g}",
            "noise": f"{self.view.noise:g}" if self.view.noise else None,
            "batch": self.view.batch,
            "total": "true" if self.view.total else None,
        }
        words = ", ".join(f"{key}={value}" for key, value in chosen.items() if value is not None)
        return f"{self.name}({words})" if words else self.name


def read(text: str) -> TaskText:
    """The task written as `text`.

    Raises:
        SettingError: no such task or choice, or a value that makes no sense.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise SettingError("this is no task", got=text, allowed="NAME or NAME(choice=value, ...)")
    TASKS.find(form[1])
    chosen: dict[str, str] = {}
    for word in (form[2] or "").split(",") if (form[2] or "").strip() else ():
        name, _, value = (part.strip() for part in word.partition("="))
        if name not in _CHOICES or name in chosen:
            raise SettingError(
                "a task has no such choice" if name not in chosen else "a choice is made twice",
                got=word.strip(),
                allowed=", ".join(_CHOICES),
                cure=did_you_mean(name, _CHOICES),
            )
        chosen[name] = value
    view = View(
        batch=int(_number(chosen, "batch", 1)) if "batch" in chosen else None,
        total=_flag(chosen.get("total", "false")),
        noise=_number(chosen, "noise", 0) if "noise" in chosen else 0.0,
    )
    condition = _number(chosen, "condition", 1) if "condition" in chosen else None
    found = TaskText(form[1], condition, view)
    objective = found.objective()
    if view.batch is not None and view.batch > objective.task.terms:
        raise SettingError(
            "the task has no mini-batch of this size", got=view.batch, allowed=f"1 to {objective.task.terms}"
        )
    return found


def _number(chosen: dict[str, str], name: str, least: float) -> float:
    try:
        value = float(chosen[name])
    except ValueError:
        value = float("nan")
    if not least <= value < 1e9:
        raise SettingError(f"{name} of a task is a number", got=chosen[name], allowed=f"from {least:g}")
    return value


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise SettingError("total of a task is true or false", got=text)
    return text == "true"
