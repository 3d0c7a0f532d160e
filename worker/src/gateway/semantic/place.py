"""Where the semantic index files a prompt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """``code``: 64 hex digits. ``probes``: 48 buckets to search, five hex digits each."""

    code: str
    probes: str


def place_of(code: int, bands: list[tuple[int, int]]) -> Place:
    """A code and its (band, value) pairs as the scripts take them."""
    return Place(f"{code:064x}", "".join(f"{band:x}{value:04x}" for band, value in bands))
