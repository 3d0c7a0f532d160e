"""Locality-sensitive keys of a code: which buckets an entry is filed under, and which are probed.

The 256 bits are cut into sixteen 16-bit bands. An entry is filed under its sixteen bands; a query
also probes, in each band, the two values that differ in the bit nearest to its sign flip and in
the next nearest (multi-probe LSH, Lv et al. 2007). Two codes that agree in any probed band meet.
"""

from collections.abc import Sequence

BANDS = 16
BAND_BITS = 16
PROBES = 2
_MASK = (1 << BAND_BITS) - 1


def filed(code: int) -> list[int]:
    """The sixteen band values of a code, most significant band first."""
    top = (BANDS - 1) * BAND_BITS
    return [(code >> (top - BAND_BITS * band)) & _MASK for band in range(BANDS)]


def probed(code: int, margins: Sequence[float]) -> list[tuple[int, int]]:
    """48 (band, value) pairs to look up: per band its own value, then two margin probes."""
    keys: list[tuple[int, int]] = []
    for band, value in enumerate(filed(code)):
        lanes = margins[band * BAND_BITS : (band + 1) * BAND_BITS]
        keys.append((band, value))
        lane = -1
        least = -1.0
        for margin in sorted(lanes)[:PROBES]:
            # Equal margins are taken from left to right.
            lane = lanes.index(margin, lane + 1 if margin == least else 0)
            least = margin
            keys.append((band, value ^ (1 << (BAND_BITS - 1 - lane))))
    return keys
