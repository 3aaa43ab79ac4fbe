"""The device to train on and the precision used there."""

from __future__ import annotations

import torch

from nas.errors import SettingError

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> torch.device:
    """The device called `name`; "auto" takes a GPU where there is one; SettingError for an absent one."""
    if name not in DEVICES:
        raise SettingError("there is no device of this name", got=name, allowed=", ".join(DEVICES))
    present = torch.cuda.is_available()
    if name == "cuda" and not present:
        raise SettingError(
            "this torch sees no CUDA GPU", got="cuda", allowed="auto, cpu", cure="--device auto"
        )
    return torch.device("cuda" if present and name != "cpu" else "cpu")


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 where torch deems it safe on a GPU; float32 throughout on a CPU."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")
