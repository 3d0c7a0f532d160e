"""A prompt's head (``shared.prompt_cache.heads``) as ``prompt_heads.lua`` counts it."""

import hashlib
from typing import NamedTuple

from gateway.prompt_cache.split import Blocks, serialized
from shared.prompt_cache.heads import MOST_BLOCKS

_HEAD = ("tools", "system")
_NAME_LETTERS, _BLOCK_LETTERS = 24, 12


class Head(NamedTuple):
    """``name``: by what its requests have in common, whatever its blocks say. ``characters``: of
    the head, about. ``last``: its last block; -1: it has none. ``blocks``: kind, characters and
    hash of each, the last ones as one."""

    name: str
    characters: int
    last: int
    blocks: list[tuple[str, int, str]]


def head(blocks: Blocks, key: bytes, start: str) -> Head:
    """``key``: the project's, as for prefixes; ``start``: API key and model."""
    end = next((at for at, kind in enumerate(blocks.kinds) if kind not in _HEAD), len(blocks.kinds))
    last = min(end, MOST_BLOCKS) - 1
    found = []
    for at in range(last + 1):
        text = serialized(blocks.contents[at : at + 1 if at < last else end])
        hashed = hashlib.sha256(key + text).hexdigest()[:_BLOCK_LETTERS]
        found.append((blocks.kinds[at], len(text), hashed))
    characters = sum(size for _, size, _ in found)
    kinds = " ".join(blocks.kinds[:end])
    about = f"{start}\0{kinds}\0{characters.bit_length()}".encode()
    name = hashlib.sha256(key + about).hexdigest()[:_NAME_LETTERS]
    return Head(name, characters, end - 1, found)
