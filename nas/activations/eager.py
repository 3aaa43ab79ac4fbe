"""An expression as torch operations: on every device and type, one pass over memory for each operation."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from nas.activations import functions
from nas.symbolic.expression import Expression, X
from nas.symbolic.printer import Torch, slope_trees, straight_line, value_tree


class EagerCode:
    """`forward(x, *parameters) -> (f,)` and `backward(x, *parameters) -> (df/dx, df/dp, …)`."""

    def __init__(self, expression: Expression) -> None:
        arguments = ", ".join([X.name, *(p.name for p in expression.parameters)])
        self.source = "\n\n".join(
            _definition(name, arguments, *straight_line(trees, Torch()))
            for name, trees in (("forward", value_tree(expression)), ("backward", slope_trees(expression)))
        )
        names: dict[str, Any] = {"torch": torch, "F": F, **functions.BY_NAME}
        exec(compile(self.source, f"<{expression.text}>", "exec"), names)
        self.forward: Callable[..., tuple[Tensor]] = names["forward"]
        self.backward: Callable[..., tuple[Tensor, ...]] = names["backward"]


@lru_cache(maxsize=512)
def eager_code(expression: Expression) -> EagerCode:
    """The code of `expression`, shared by all its modules."""
    return EagerCode(expression)


def _definition(name: str, arguments: str, lines: list[str], results: list[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"def {name}({arguments}):\n{body}    return {', '.join(results)},\n"
