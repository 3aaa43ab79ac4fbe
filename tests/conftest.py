"""Hypothesis draws the same examples every time, so a red run can be repeated; NAS_RANDOM=1 explores."""

from __future__ import annotations

import os

from hypothesis import settings

# Threads that wait in a loop slow each other by up to ten times where more processes run than cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("exploring", deadline=None, print_blob=True)
settings.load_profile("exploring" if os.environ.get("NAS_RANDOM") == "1" else "repeatable")
