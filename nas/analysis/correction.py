"""Many tests at once: how p values are corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence

SAME = 1e-12  #: scores are counts over n images: equal differences of counts differ by rounding only
LEVEL = 0.05  #: of all tests, and 1 - the coverage of all intervals


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p of a family of tests: below LEVEL at most one false one in 1 / LEVEL families (Holm 1979).

    p_(i) becomes max over j <= i of (m - j + 1) p_(j), at most 1. What could not be tested stays None, but
    counts in m: it was meant to be tested.
    """
    m = len(p_values)
    tested = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * m
    largest = 0.0
    for place, (p, i) in enumerate(tested):
        largest = max(largest, min(1.0, (m - place) * p))
        adjusted[i] = largest
    return adjusted
