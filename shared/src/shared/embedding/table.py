"""The shipped token table: format, and loading it on first use.

File layout (``table.bin``, made by tools/semantic/train_table.py):

    b"WLST1\\n"  uint32 little-endian length of the next block
    zlib(JSON header \\0 vocabulary, one wordpiece a line \\0 information bytes, scale bytes)
    one row per wordpiece: ``lanes`` 4-bit level numbers, first lane in the high nibble

A row's lane value is ``levels[number] * scale / 31``, rounded, a signed byte. ``information`` is
-ln(share of sentences that hold the wordpiece) in eighths of a nat.
"""

import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MAGIC = b"WLST1\n"
LARGEST_SCALE = 31
_FILE = Path(__file__).with_name("table.bin")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows stay packed (4 bits a lane) until a token is first used."""

    vocabulary: dict[str, int]
    information: bytes
    scales: bytes
    levels: tuple[int, ...]
    lanes: int
    rows: memoryview

    def row(self, token: int) -> memoryview:
        """Packed row of a token: lanes / 2 bytes."""
        width = self.lanes // 2
        return self.rows[token * width : (token + 1) * width]


def parse(blob: bytes) -> Table:
    """Reads the file's bytes; ValueError when it is not a table of this version."""
    if not blob.startswith(MAGIC):
        raise ValueError("not a WLST1 token table")
    start = len(MAGIC) + 4
    length = int.from_bytes(blob[len(MAGIC) : start], "little")
    head, vocabulary, rest = zlib.decompress(blob[start : start + length]).split(b"\0", 2)
    header = json.loads(head)
    count, lanes = int(header["tokens"]), int(header["lanes"])
    rows = memoryview(blob)[start + length :]
    if len(rest) != 2 * count or len(rows) != count * lanes // 2:
        raise ValueError("token table is truncated")
    names = vocabulary.decode("ascii").split("\n")
    return Table(
        vocabulary={name: number for number, name in enumerate(names)},
        information=rest[:count],
        scales=rest[count:],
        levels=tuple(header["levels"]),
        lanes=lanes,
        rows=rows,
    )


@lru_cache(maxsize=1)
def load() -> Table:
    """The table shipped beside this file; read once per process, at first use."""
    return parse(_FILE.read_bytes())
