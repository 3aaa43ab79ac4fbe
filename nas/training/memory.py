"""Memory that a training frees stays with the process, because its next step asks for the same again.

glibc gives large blocks back to the system at once and gets them anew page by page: on a small network 2,000
page faults a step, a tenth to a fifth of its time.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache

# malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST = 1 << 30  # bytes of a block that is kept


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Tell glibc's malloc so, once a process; False where there is no such malloc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_M_TRIM_THRESHOLD, 2 * _LARGEST - 1))
