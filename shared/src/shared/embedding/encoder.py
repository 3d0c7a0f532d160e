"""Packed-integer static embedding: a sentence is a handful of big-integer additions.

A token's 256 lanes are spread over one Python integer, 16 bits a lane, each holding value + 128.
Adding tokens adds all lanes at once; 64 tokens of at most 255 stay below 2**14, so no lane ever
carries into its neighbour. The sign of each lane, sum >= 128 * tokens, is one bit of the code.
"""

from binascii import hexlify
from functools import lru_cache

from shared.embedding.table import LARGEST_SCALE, Table, load
from shared.embedding.tokenizer import WordPiece

CODE_BITS = 256
MAX_TOKENS = 64
_OFFSET = 128
_REMEMBERED = 4096  # unpacked rows kept: 560 bytes each
_HALF = 0x8000
_HEX = b"0123456789abcdef"


class Encoder:
    """Turns text into a 256-bit code; texts with close meanings differ in few bits."""

    def __init__(self, table: Table) -> None:
        if table.lanes != CODE_BITS:
            raise ValueError("the code needs 256 lanes")
        self.table = table
        self.tokenize = WordPiece(table.vocabulary)
        self._levels = [_level_bytes(table.levels, scale) for scale in range(LARGEST_SCALE + 1)]
        self._low = int.from_bytes(b"\xff\x00" * (CODE_BITS // 2), "little")
        self._ones = int.from_bytes(b"\x01\x00" * CODE_BITS, "little")
        self._signs = bytes(b"01"[byte >> 7] for byte in range(256))
        self._rows: dict[int, int] = {}

    def total(self, tokens: list[int]) -> int:
        """Lane sums of 1..MAX_TOKENS tokens, packed; ValueError outside of that."""
        if not 0 < len(tokens) <= MAX_TOKENS:
            raise ValueError("an embedding takes 1 to 64 tokens")
        known = self._rows
        total = 0
        for token in tokens:
            row = known.get(token)
            total += self._unpack(token) if row is None else row
        return total

    def code(self, tokens: list[int]) -> int:
        """Signs of the lane sums, lane 0 as the most significant of 256 bits."""
        return self.code_of_total(self.total(tokens), len(tokens))

    def code_of_total(self, total: int, count: int) -> int:
        """The code of sums that ``total`` returned for ``count`` tokens."""
        # 0x8000 + sum - 128 * count: bit 15 of a lane is set when its sum is not negative.
        shifted = total + self._ones * (_HALF - _OFFSET * count)
        return int(shifted.to_bytes(CODE_BITS * 2, "little")[1::2].translate(self._signs), 2)

    def margins(self, total: int, count: int) -> list[int]:
        """Distance of each lane from its sign flip; lane 0 first."""
        middle = _OFFSET * count
        lanes = memoryview(total.to_bytes(CODE_BITS * 2, "little"))
        # Little-endian on every platform that runs this (x86, ARM, WebAssembly).
        return [abs(lane - middle) for lane in lanes.cast("H")]

    def _unpack(self, token: int) -> int:
        nibbles = hexlify(self.table.row(token))
        values = int.from_bytes(nibbles.translate(self._levels[self.table.scales[token]]), "little")
        low = self._low
        row = (values & low) | ((values >> 8) & low) << (CODE_BITS * 8)
        if len(self._rows) < _REMEMBERED:
            self._rows[token] = row
        return row


def _level_bytes(levels: tuple[int, ...], scale: int) -> bytes:
    """Translation table from a hexadecimal digit to the lane's offset byte."""
    table = bytearray(256)
    for digit, level in zip(_HEX, levels, strict=True):
        table[digit] = _OFFSET + round(level * scale / LARGEST_SCALE)
    return bytes(table)


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """The encoder over the shipped table; built at first use, not at import."""
    return Encoder(load())
