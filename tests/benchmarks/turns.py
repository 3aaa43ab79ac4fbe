"""Two ways or more of doing the same, timed in turn: what slows the machine for a while slows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_WARM = 2  # rounds that do not count


def in_turn(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """What each way gives in each round; the order alternates."""
    found: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + _WARM):
        for way in list(ways) if number % 2 else reversed(ways):
            given = ways[way]()
            if number >= _WARM:
                found[way].append(given)
    return found
