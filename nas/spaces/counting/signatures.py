"""What two writings of one function share: a 64-bit number made of their values at irregular points.

Values are rounded to 2^-34 of themselves (10 digits), and to 2^-40 where they are small, so that the noise of
float64 does not show. Where there is no finite value it does not matter why: 1/u^2 may divide by a 0 that
underflowed where (1/u)^2 overflows.

A function with parameters is evaluated with all of them at one base value, and again with each moved alone;
its signature does not tell in which order they were moved. That is equality up to the names of parameters, it
needs no permutations, and equal parts put together alike stay equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nas.spaces.counting.operators import Array

Hashes = np.ndarray[Any, np.dtype[np.uint64]]

# A golden-ratio sequence, denser near 0, where functions that saturate or overflow still differ; none is a
# special point of a primitive. Far out, differences of large terms drown in noise: five lie beyond 5.
_SPREAD = 2 * ((np.arange(1, 49) * 0.6180339887498949) % 1) - 1
POINTS: Array = 7.3 * np.sign(_SPREAD) * np.abs(_SPREAD) ** 2

FINITE = np.uint64(1)  #: the bit of a signature that says whether all values are finite

_DROPPED = 18  # bits of 52
_HALF = np.uint64(1 << (_DROPPED - 1))
_KEPT = np.uint64(2**64 - (1 << _DROPPED))
_GRID = 1.5 * 2**12  # its last bit is 2^-40

_ODD = np.random.default_rng(20230107).integers(1, 2**63, len(POINTS), dtype=np.uint64) * np.uint64(
    2
) + np.uint64(1)


def signatures(values: Array) -> tuple[Hashes, Any]:
    """([n] signatures, [n] whether a parameter matters) of values [n, 1 + parameters, points]."""
    hashed = _rows(_rounded(values) if values.dtype == np.float64 else _bits(values))
    finite = np.isfinite(values).all(axis=(1, 2))
    base, others = hashed[:, 0], hashed[:, 1:]
    matters = others != base[:, None]
    total = base.copy()
    if matters.any():
        apart = np.where(matters, _mixed(others), np.uint64(0))
        total += _mixed(apart.sum(1, dtype=np.uint64))
    return (_mixed(total) & ~FINITE) | finite, matters.any(1)


def salted(hashes: Hashes, *salts: Array | int) -> Hashes:
    """The same functions under other circumstances; the bit FINITE stays."""
    salted = hashes
    for salt in salts:
        salted = _mixed(salted + np.asarray(salt).astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93))
    return (salted & ~FINITE) | (hashes & FINITE)


def _rounded(values: Array) -> Hashes:
    rounded = values + _GRID
    rounded -= _GRID
    np.copyto(rounded, np.nan, where=~np.isfinite(rounded))
    bits: Hashes = rounded.view(np.uint64)
    bits += _HALF
    bits &= _KEPT
    return bits


def _bits(values: Array) -> Hashes:
    bits: Hashes = np.where(np.isnan(values), np.float32(np.nan), values).view(np.uint32).astype(np.uint64)
    bits <<= np.uint64(32)
    return bits


def _rows(bits: Hashes) -> Hashes:
    """One number for each row of `bits`, which it overwrites."""
    bits ^= bits >> np.uint64(32)
    bits *= _ODD
    numbers: Hashes = bits.sum(-1, dtype=np.uint64)
    return numbers


def _mixed(numbers: Hashes) -> Hashes:
    """Every bit depends on every bit (the finalizer of MurmurHash3)."""
    mixed = numbers ^ (numbers >> np.uint64(33))
    mixed = mixed * np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xC4CEB9FE1A85EC53)
    mixed ^= mixed >> np.uint64(33)
    return mixed
