"""Hypothesis draws the same examples every time, so a red run can be repeated; NAS_RANDOM=1 explores."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("exploring", deadline=None, print_blob=True)
settings.load_profile("exploring" if os.environ.get("NAS_RANDOM") == "1" else "repeatable")
