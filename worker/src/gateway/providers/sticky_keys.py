"""Which of several equal keys a request uses: requests whose prompts begin alike use the same one,
because the provider's prompt cache belongs to a key's account."""

import hashlib
from collections.abc import Collection, Sequence
from typing import Protocol, TypeVar

REFUSED_SECONDS = 30.0
"""For so long a key that the provider has refused is used last."""


class Key(Protocol):
    """``rank``: what makes keys equal."""

    @property
    def id(self) -> str: ...
    @property
    def rank(self) -> tuple[int, str]: ...


SomeKey = TypeVar("SomeKey", bound=Key)


def ordered(keys: Sequence[SomeKey], prefix: str, refused: Collection[str]) -> list[SomeKey]:
    """``keys``, which come by rank, each rank by rendezvous hashing of ``prefix``: when a key goes,
    only its own requests move. ``refused``: ids of those that come last within their rank."""
    ranks = {key.rank: at for at, key in reversed([*enumerate(keys)])}

    def place(key: SomeKey) -> tuple[int, bool, bytes]:
        weight = hashlib.sha256(f"{prefix}\0{key.id}".encode()).digest()
        return ranks[key.rank], key.id in refused, weight

    return sorted(keys, key=place)
