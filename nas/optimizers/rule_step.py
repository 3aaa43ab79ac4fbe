"""An optimizer from a rule of the grammar: one fused loop over all parameters, or torch's own operations."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any, final

import torch
import torch.nn.functional as F
from torch import Tensor

from nas.errors import SettingError
from nas.native.compiler import library
from nas.optimizers.contract import Closure, State
from nas.optimizers.rule_source import Decay, c_source, torch_source
from nas.rules.language import Leaf
from nas.rules.rule import Rule
from nas.symbolic.prelude import Real

_REALS: dict[torch.dtype, Real] = {torch.float32: "float", torch.float64: "double"}
_NUMBERS_A_THREAD = 16_384  #: below it a second thread costs more than it brings


@final
class RuleStep:
    """w <- w - lr u for a rule u(g, averages, w, t).

    weights    tensors that decay; `spared` do not
    decay      coupled: g + decay w in place of g, an L2 penalty; decoupled: w <- w - lr (u + decay w)
    steps      how many there will be; a rule with a schedule must know it, others do without
    native     whether to use the fused loop, where the tensors are on a CPU and there is a compiler
    Averages lie as flat rows in the memory order of the tensors; every tensor counts its own steps, schedules
    count those of the optimizer. A tensor without a gradient stays, and so do its averages.

    Raises:
        SettingError: the rule has a schedule and `steps` is None; the tensors are of several types or
            devices, of neither float32 nor float64, or have gaps in memory.
    """

    def __init__(
        self,
        rule: Rule,
        weights: Iterable[Tensor],
        spared: Iterable[Tensor],
        *,
        decay: float = 0.0,
        decoupled: bool = False,
        steps: int | None = None,
        native: bool = True,
    ) -> None:
        if rule.scheduled and steps is None:
            raise SettingError("a rule with a schedule must know the number of steps", got=rule.text)
        decaying = list(weights)
        self._tensors = [*decaying, *spared]
        self._decays = [decay if place < len(decaying) else 0.0 for place in range(len(self._tensors))]
        self._decay: Decay = "none" if decay == 0 else "decoupled" if decoupled else "coupled"
        self.rule, self._steps = rule, steps
        dtype, device = _one_kind(self._tensors)
        self._offsets = [0]
        for tensor in self._tensors:
            self._offsets.append(self._offsets[-1] + tensor.numel())
        self._averages = torch.zeros(len(rule.states), self._offsets[-1], dtype=dtype, device=device)
        self._ages = [0] * len(self._tensors)
        self._done = 0
        self._strides = [tensor.stride() for tensor in self._tensors]
        self._loop = None
        if native and device.type == "cpu":
            code = library(c_source(rule, _REALS[dtype], self._decay))
            self._loop = None if code is None else _Loop(code, self._offsets, self._decays)
        self._direction, self._scalars = _direction(rule)

    @property
    def compiled(self) -> bool:
        """Whether the fused loop does it."""
        return self._loop is not None

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        for tensor in self._tensors:
            tensor.grad = None

    @torch.no_grad()
    def step(self, lr: float, closure: Closure | None = None) -> None:
        """Move every tensor that has a gradient."""
        self._done += 1
        gradients = [tensor.grad for tensor in self._tensors]
        for place, gradient in enumerate(gradients):
            if gradient is None:
                continue
            self._ages[place] += 1
            if gradient.stride() != self._strides[place]:
                gradients[place] = torch.empty_like(self._tensors[place]).copy_(gradient)
        if self._loop is None:
            self._eager(gradients, lr)
            return
        ages = sorted(set(self._ages))
        rows = [ages.index(age) for age in self._ages] if len(ages) > 1 else [0] * len(self._ages)
        scalars = [value for age in ages for value in self._values(age)]
        self._loop(self._tensors, gradients, self._averages, rows, scalars, lr)

    def state(self) -> State:
        """Steps so far, of all and of each tensor, and the averages, shaped as the tensors."""
        averages = {
            state.text: [view.clone(memory_format=torch.contiguous_format) for view in self._views(row)]
            for state, row in zip(self.rule.states, self._averages, strict=True)
        }
        return {"done": self._done, "ages": list(self._ages), "averages": averages}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Go on from what `state` gave, in this process or another; the layout in memory may differ."""
        self._done, self._ages = state["done"], list(state["ages"])
        for kept, row in zip(self.rule.states, self._averages, strict=True):
            for view, tensor in zip(self._views(row), state["averages"][kept.text], strict=True):
                view.copy_(tensor)

    def _views(self, row: Tensor) -> Iterator[Tensor]:
        """A row of averages, as tensors laid out like the parameters."""
        for tensor, stride, offset in zip(self._tensors, self._strides, self._offsets, strict=False):
            yield row.as_strided(tensor.shape, stride, row.storage_offset() + offset)

    def _values(self, age: int) -> list[float]:
        """The scalars of a tensor that takes its step number `age`."""
        steps = self._steps or self._done
        return [
            float(leaf.scalar(self._done if leaf.operand.schedule is not None else age, steps))
            if age
            else 0.0
            for leaf in self._scalars
        ]

    def _eager(self, gradients: list[Tensor | None], lr: float) -> None:
        """The same by operations over all neighbors in age and decay at once, as one flat tensor."""

        def kind(place: int) -> tuple[bool, int, float]:
            return gradients[place] is None, self._ages[place], self._decays[place]

        for (missing, age, decay), group in groupby(range(len(self._tensors)), kind):
            places = list(group)
            if not missing:
                self._move(
                    places, [g for place in places if (g := gradients[place]) is not None], age, decay, lr
                )

    def _move(self, places: list[int], gradients: list[Tensor], age: int, decay: float, lr: float) -> None:
        weights = [_flat(self._tensors[place]) for place in places]
        flat = [_flat(gradient) for gradient in gradients]
        if decay and self._decay == "coupled":
            flat = list(torch._foreach_add(flat, weights, alpha=decay))
        w = torch.cat(weights) if "w" in self.rule.expression.form.symbols else None
        averages = self._averages[:, self._offsets[places[0]] : self._offsets[places[-1] + 1]]
        scalars = [torch.tensor(value, dtype=torch.float64) for value in self._values(age)]
        u, news = self._direction(torch.cat(flat), w, averages, scalars)
        for average, new in zip(averages, news, strict=True):
            average.copy_(new)
        whole = torch.as_tensor(u, dtype=averages.dtype, device=averages.device).expand(averages.shape[1])
        parts = torch.split(whole, [len(weight) for weight in weights])
        if decay and self._decay == "decoupled":
            parts = torch._foreach_add(parts, weights, alpha=decay)
        torch._foreach_sub_(weights, parts, alpha=lr)


class _Loop:
    """The compiled step, called on tensors."""

    def __init__(self, code: ctypes.CDLL, offsets: list[int], decays: list[float]) -> None:
        self._step = code.step
        pointers: list[Any] = [ctypes.c_void_p] * 7
        self._step.argtypes = [ctypes.c_int, ctypes.c_long, *pointers, ctypes.c_double]
        self._step.restype = None
        count = len(decays)
        self._count, self._numbers = count, offsets[-1]
        self._offsets, self._decays = _longs(offsets), (ctypes.c_double * count)(*decays)
        self._addresses = ctypes.c_void_p * count

    def __call__(
        self,
        weights: list[Tensor],
        gradients: list[Tensor | None],
        averages: Tensor,
        rows: list[int],
        scalars: list[float],
        lr: float,
    ) -> None:
        self._step(
            max(min(torch.get_num_threads(), self._numbers // _NUMBERS_A_THREAD), 1),
            self._count,
            self._offsets,
            self._addresses(*[weight.data_ptr() for weight in weights]),
            self._addresses(*[None if g is None else g.data_ptr() for g in gradients]),
            averages.data_ptr(),
            self._decays,
            _longs(rows),
            (ctypes.c_double * len(scalars))(*scalars),
            lr,
        )
        torch.autograd.graph.increment_version(weights)


def _longs(values: list[int]) -> Any:
    return (ctypes.c_long * len(values))(*values)


@lru_cache(maxsize=256)
def _direction(rule: Rule) -> tuple[Any, tuple[Leaf, ...]]:
    """The function of `torch_source`, and its scalars."""
    source, scalars = torch_source(rule)
    names: dict[str, Any] = {"torch": torch, "F": F}
    exec(compile(source, f"<{rule.text}>", "exec"), names)
    return names["direction"], scalars


def _one_kind(tensors: list[Tensor]) -> tuple[torch.dtype, torch.device]:
    """The type and device of all tensors."""
    kinds = {(tensor.dtype, tensor.device) for tensor in tensors}
    if len(kinds) != 1 or next(iter(kinds))[0] not in _REALS:
        raise SettingError(
            "an update rule moves tensors of one type on one device",
            got=", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds)) or "no tensors",
            allowed="float32 or float64",
        )
    for tensor in tensors:
        reach = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
        if tensor.numel() and reach + 1 != tensor.numel():
            raise SettingError("an update rule moves tensors without gaps in memory", got=tuple(tensor.shape))
    return next(iter(kinds))


def _flat(tensor: Tensor) -> Tensor:
    """The numbers in the order of memory."""
    return tensor.as_strided((tensor.numel(),), (1,))
