"""Codes of any embedding: as near as their vectors, and the same on every host."""

import math
import random

import pytest

from shared.embedding import code_of_vector


def vector(seed: int, width: int) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(0, 1) for _ in range(width)]


def turned(start: list[float], aside: list[float], angle: float) -> list[float]:
    """A vector at ``angle`` from ``start``, in the plane of the two."""
    dot = sum(a * b for a, b in zip(start, aside, strict=True))
    length = math.sqrt(sum(a * a for a in start))
    across = [b - dot / length**2 * a for a, b in zip(start, aside, strict=True)]
    size = math.sqrt(sum(b * b for b in across))
    return [
        math.cos(angle) * a / length + math.sin(angle) * b / size
        for a, b in zip(start, across, strict=True)
    ]


@pytest.mark.parametrize("width", [384, 768, 1536])
@pytest.mark.parametrize("angle", [0.1, 0.5, 1.0, math.pi / 2])
def test_differing_bits_estimate_the_angle(width: int, angle: float) -> None:
    start = vector(1, width)
    near = turned(start, vector(2, width), angle)
    apart = (code_of_vector(start)[0] ^ code_of_vector(near)[0]).bit_count()
    # 256 draws with that chance; 4 standard deviations.
    chance = angle / math.pi
    assert abs(apart - 256 * chance) < 4 * math.sqrt(256 * chance * (1 - chance))


def test_length_changes_nothing() -> None:
    one = vector(3, 384)
    assert code_of_vector([2 * value for value in one])[0] == code_of_vector(one)[0]


def test_margins_are_the_distances_from_a_sign_flip() -> None:
    one = vector(4, 384)
    code, margins = code_of_vector(one)
    negative, same = code_of_vector([-value for value in one])
    assert code ^ negative == (1 << 256) - 1
    assert margins == same
    assert len(margins) == 256
    assert min(margins) > 0


def test_golden() -> None:
    code, _ = code_of_vector([math.sin(place * place) for place in range(384)])
    assert f"{code:064x}" == "97eee6177244e72cd894eb8a0c987aab7e1b622cb4d031c74d50a0ae3c95106f"


def test_a_vector_too_narrow_is_refused() -> None:
    with pytest.raises(ValueError, match="too narrow"):
        code_of_vector([1.0] * 63)
