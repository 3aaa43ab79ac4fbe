"""Seeds that depend on their purpose alone, the same in every process and on every machine."""

from __future__ import annotations

import hashlib


def derive(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed for `purpose` from `seed`: SHA-256 of both, so streams never overlap by accident."""
    text = "/".join([str(seed), *map(str, purpose)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
