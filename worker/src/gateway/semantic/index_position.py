"""Where the semantic index files a prompt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexPosition:
    """``code``: 64 hex digits. ``probes``: 48 buckets to search, five hex digits each."""

    code: str
    probes: str


def index_position(code: int, bands: list[tuple[int, int]]) -> IndexPosition:
    """A code and its (band, value) pairs as the scripts take them."""
    return IndexPosition(f"{code:064x}", "".join(f"{band:x}{value:04x}" for band, value in bands))
