"""A training does not give its memory back with every step."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys

import pytest

FAULTS = """
import resource, torch
from nas.training.memory import keep_freed_memory
assert keep_freed_memory()
def step():
    return torch.ones(2**21).add_(1).sum()  # 8 MB, freed at once
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another malloc")
def test_the_same_pages_serve_again() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    assert int(done.stdout) * resource.getpagesize() < 20 * 2**23 / 4, "three of four are old"
