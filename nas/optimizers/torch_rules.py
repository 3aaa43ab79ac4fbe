"""The update rules of torch.optim behind the contract of this package.

The first of them in a process imports torch's compiler along with it, 0.7 s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, final

from torch import Tensor, __version__

from nas.errors import SettingError
from nas.optimizers.contract import Closure, State, demand
from nas.optimizers.parameters import Parameters

Values = Mapping[str, float]

#: rule -> the arguments of its class in torch.optim; weight decay is that of `Parameters`, for all alike
ARGUMENTS: Mapping[str, Callable[[Values], dict[str, Any]]] = {
    "adagrad": lambda h: {"eps": h["eps"], "fused": True},
    "rmsprop": lambda h: {"alpha": h["rho"], "eps": h["eps"]},
    "adadelta": lambda h: {"rho": h["rho"], "eps": h["eps"]},
    "adam": lambda h: _adam(h) | {"fused": True},
    "adamw": lambda h: _adam(h) | {"weight_decay": 0.0, "fused": True},
    "amsgrad": lambda h: _adam(h) | {"amsgrad": True, "fused": True},
    "nadam": lambda h: _adam(h) | {"momentum_decay": h["psi"]},
    "radam": lambda h: _adam(h),
    "adamax": lambda h: _adam(h),
    "adafactor": lambda h: {"beta2_decay": -h["decay_power"], "d": h["clip"]},
    "rprop": lambda h: {"etas": (h["shrink"], h["grow"])},
    "lbfgs": lambda h: {
        "history_size": int(h["history"]),
        "max_iter": 1,
        "max_eval": 25,
        "line_search_fn": "strong_wolfe",
        "tolerance_grad": 0.0,
        "tolerance_change": 0.0,
    },
}


def _adam(h: Values) -> dict[str, Any]:
    return {"betas": (h["beta1"], h["beta2"]), "eps": h["eps"]}


def torch_class(name: str) -> Any:
    """The class `name` of torch.optim, imported now.

    Raises:
        SettingError: the installed torch is too old to have it.
    """
    from torch import optim

    found = getattr(optim, name, None)
    if found is None:
        raise SettingError(
            f"torch {__version__} has no {name}",
            cure="install a newer torch, or take another optimizer",
        )
    return found


@final
class TorchRule:
    """An optimizer of torch.optim; its weight decay is left at 0, `Parameters` does that."""

    def __init__(self, class_name: str, parameters: Parameters, arguments: Mapping[str, Any]) -> None:
        self._class, self._arguments = torch_class(class_name), dict(arguments)
        self._parameters = parameters
        if "fused" in arguments:
            self._arguments["fused"] = _fusable(class_name, parameters.all)
        self._inner: Any = None  # made at the first step: Rprop takes its first steps' size from lr

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        self._parameters.forget_gradients()

    def step(self, lr: float, closure: Closure | None = None) -> None:
        """One step of torch's."""
        inner = self._made(lr)
        for group in inner.param_groups:
            group["lr"] = lr
        if "line_search_fn" in self._arguments:
            loss = self._parameters.penalized(demand(closure, type(inner).__name__), lr)
            inner.step(lambda: self._evaluated(loss))
        else:
            with self._parameters.decayed(lr):
                inner.step()

    def state(self) -> State:
        """What torch keeps for each tensor, by the tensor's place."""
        return {} if self._inner is None else {"kept": deepcopy(self._inner.state_dict()["state"])}

    def restore(self, state: State) -> None:
        """Go on from what `state` gave, in this process or another."""
        self._inner = None
        if state:
            groups = self._made(lr=1.0).state_dict()["param_groups"]
            self._inner.load_state_dict({"state": deepcopy(state["kept"]), "param_groups": groups})
            self._keep_types(state["kept"])

    def _made(self, lr: float) -> Any:
        if self._inner is None:
            self._inner = self._class(self._parameters.all, lr=lr, **self._arguments)
        return self._inner

    def _keep_types(self, saved: Mapping[int, Mapping[str, Any]]) -> None:
        """Undo that torch loads all into the weight's type: NAdam has a product in single precision."""
        for place, values in saved.items():
            loaded = self._inner.state[self._parameters.all[place]]
            for name, value in values.items():
                if isinstance(value, Tensor):
                    loaded[name] = loaded[name].to(value.dtype)

    def _evaluated(self, closure: Closure) -> Tensor:
        self.forget_gradients()
        loss = closure()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()


def _fusable(class_name: str, tensors: list[Tensor]) -> bool:
    """Whether torch has one kernel for all: Adagrad's knows processors alone."""
    devices = ("cpu",) if class_name == "Adagrad" else ("cpu", "cuda")
    return all(tensor.device.type in devices and tensor.is_floating_point() for tensor in tensors)
