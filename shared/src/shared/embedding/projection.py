"""A 256-bit code of any embedding: signs of sparse random projections.

Each bit is the sign of a sum of ``_TERMS`` coordinates, half of them negated, all chosen by a fixed
hash. The share of bits in which two codes differ estimates the angle between the two vectors
(Charikar 2002); few coordinates a projection are enough (Li, Hastie, Church: very sparse random
projections, 2006). The choice depends on the width only, so codes of every host agree.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import fsum
from operator import itemgetter

from shared.embedding.encoder import CODE_BITS

NARROWEST = 64
"""Coordinates: narrower vectors cannot fill 256 bits with much that is their own."""
_TERMS = 32  # added, and as many subtracted

Pick = Callable[[Sequence[float]], tuple[float, ...]]


def code_of_vector(vector: Sequence[float]) -> tuple[int, list[float]]:
    """Code, lane 0 as the most significant bit, and each lane's distance from its sign flip.

    ValueError for a vector of fewer than 64 coordinates.
    """
    # fsum rounds once, so that hosts which add in another order give the same sign.
    sums = [fsum(plus(vector)) - fsum(minus(vector)) for plus, minus in _lanes(len(vector))]
    code = int("".join("1" if value >= 0 else "0" for value in sums), 2)
    return code, [abs(value) for value in sums]


@lru_cache(maxsize=4)
def _lanes(width: int) -> list[tuple[Pick, Pick]]:
    if width < NARROWEST:
        raise ValueError(f"an embedding of {width} coordinates is too narrow")
    length = CODE_BITS * 2 * _TERMS * 4
    noise = hashlib.shake_256(f"WatchLLM projection {width}".encode()).digest(length)
    places = [int.from_bytes(noise[at : at + 4], "big") % width for at in range(0, length, 4)]
    picks = [itemgetter(*places[at : at + _TERMS]) for at in range(0, len(places), _TERMS)]
    return list(zip(picks[::2], picks[1::2], strict=True))
