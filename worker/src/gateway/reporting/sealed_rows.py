"""Usage rows sealed for storage in Redis and on disk: only the edge can read or make them."""

import json
from collections.abc import Mapping

from gateway.core.platform import Platform
from gateway.reporting.pending import Row
from shared import envelope
from shared.envelope import Envelope
from shared.usage_events import COLUMNS


class SealedRows:
    """``keys``: ``ENCRYPTION_KEYS``; the first one seals."""

    def __init__(self, platform: Platform, keys: Mapping[str, bytes]) -> None:
        self._platform = platform
        self._keys = keys

    async def seal(self, rows: str, aad: bytes) -> str:
        """``rows``: a JSON array. ``aad`` names where they are stored, so that they open nowhere
        else."""
        key_id, key = next(iter(self._keys.items()))
        sealed = await self._platform.seal(key, rows.encode(), aad)
        nonce, rest = sealed[: envelope.NONCE_BYTES], sealed[envelope.NONCE_BYTES :]
        return Envelope(key_id, nonce, rest).dump()

    async def read(self, text: str, aad: bytes) -> list[Row] | None:
        """The rows; ``None`` when it does not open, or holds something else."""
        try:
            sealed = envelope.parse(text)
            key = self._keys[sealed.key_id]
            rows = await self._platform.unseal(key, sealed.nonce + sealed.sealed, aad)
            # The columns of today: another version of the edge may have written them.
            return [{name: row.get(name) for name in COLUMNS} for row in json.loads(rows)]
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
