"""From a task's name to its objective."""

from __future__ import annotations

from functools import lru_cache

from nas.errors import SettingError
from nas.rows.tasks import TASKS
from nas.tasks.objective import Objective

CONDITION = 20.0  #: of the quadratic, unless another is asked for


@lru_cache(maxsize=16)
def load(name: str, condition: float | None = None) -> Objective:
    """The task called `name`; `condition` is the condition number where the task has one to choose.

    Raises:
        SettingError: an unknown task, or a condition number below 1 or for a task of a fixed one.
    """
    row = TASKS.find(name)
    if condition is not None and not row.condition:
        choosable = ", ".join(task.name for task in TASKS.values() if task.condition)
        raise SettingError(f"{name} has a condition number of its own", got=condition, allowed=choosable)
    if condition is not None and not 1 <= condition <= 1e8:
        raise SettingError("no such condition number", got=condition, allowed="from 1 to 1e8")
    if name == "linear-regression":
        from nas.tasks.regression import linear_regression

        return linear_regression()
    if name == "logistic":
        from nas.tasks.logistic import logistic

        return logistic()
    from nas.tasks import plane

    if name == "quadratic":
        return plane.quadratic(condition or CONDITION)
    return plane.rosenbrock() if name == "rosenbrock" else plane.beale()
