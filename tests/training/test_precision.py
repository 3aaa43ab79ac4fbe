"""Devices by name."""

from __future__ import annotations

import pytest
import torch

from nas.errors import SettingError
from nas.training.precision import autocast, choose_device


def test_cpu_is_always_there_and_computes_in_float32() -> None:
    device = choose_device("cpu")
    assert device.type == "cpu"
    with autocast(device):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_auto_takes_what_is_there() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU")
def test_an_absent_gpu_is_an_error() -> None:
    with pytest.raises(SettingError, match="no CUDA GPU"):
        choose_device("cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
def test_a_gpu_multiplies_in_bfloat16() -> None:
    ones = torch.ones(2, 2, device="cuda")
    with autocast(choose_device("cuda")):
        assert (ones @ ones).dtype == torch.bfloat16


def test_an_unknown_device_is_an_error() -> None:
    with pytest.raises(SettingError, match="no device of this name"):
        choose_device("gpu")
