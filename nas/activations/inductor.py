"""An expression on a GPU: the generated forward and backward, each made one kernel by `torch.compile`.

Where that fails the same operations run one by one, and a warning says so once a process.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from nas.activations.eager import eager_code
from nas.symbolic.expression import Expression


class InductorCode:
    """`forward` and `backward` as of `EagerCode`; `compiled` tells whether they still are."""

    def __init__(self, expression: Expression) -> None:
        eager = eager_code(expression)
        self.compiled = True
        self.forward = self._guarded(eager.forward)
        self.backward = self._guarded(eager.backward)

    def _guarded(self, eager: Callable[..., tuple[Tensor, ...]]) -> Callable[..., tuple[Any, ...]]:
        fused = torch.compile(eager, dynamic=True)

        def call(*arguments: Tensor) -> tuple[Any, ...]:
            if self.compiled:
                try:
                    return fused(*arguments)
                except torch.OutOfMemoryError:
                    raise
                except RuntimeError:  # what torch raises where it has no compiler or cannot use it
                    self.compiled = False
                    _notice()
            return eager(*arguments)

        return call


@lru_cache(maxsize=512)
def inductor_code(expression: Expression) -> InductorCode:
    """The code of `expression`, shared by all its modules."""
    return InductorCode(expression)


@lru_cache(maxsize=1)  # the first failure speaks for all
def _notice() -> None:
    warnings.warn("torch.compile fails on this machine: activations run operation by operation", stacklevel=4)
