"""A stream whose client has left: how much more of it the edge reads in order to store it."""

from collections.abc import AsyncIterator
from itertools import repeat

import pytest

from gateway.core.http import UpstreamResponse
from tests.worker.memory_platform import MemoryBody, MemoryResponse
from tests.worker.world import STREAM, Said, World

LIMIT = 1_000_000  # MAX_CAPTURE_BYTES
CHUNK = STREAM.partition("\n\n")[0].replace('"hi"', f'"{"x" * 10_000}"').encode() + b"\n\n"
PING = b": still here\n\n" * 1_000


class Endless(MemoryBody):
    """A body without an end, whose client leaves after its first chunk."""

    def __init__(self, chunk: bytes) -> None:
        super().__init__("")
        self._chunk = chunk
        self.read = 0
        self.cancelled = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in repeat(self._chunk):
            self.read += len(chunk)
            yield chunk

    def client_left(self) -> bool:
        return True

    async def cancel(self) -> None:
        self.cancelled = True


class Place(World):
    """Where the gateway's copy of each stream is ``body``."""

    def __init__(self, body: Endless) -> None:
        super().__init__()
        self._copy = body
        self.answer = lambda _: Said(200, STREAM, "text/event-stream")

    def split(
        self, upstream: UpstreamResponse, *, first_timeout: float, idle_timeout: float
    ) -> tuple[MemoryBody, MemoryBody]:
        assert isinstance(upstream, MemoryResponse)
        return MemoryBody(upstream.body), self._copy


@pytest.mark.parametrize(("chunk", "most"), [(CHUNK, 2 * LIMIT), (PING, 65 * LIMIT)])
@pytest.mark.parametrize("stays", [True, False])
async def test_it_is_not_read_past_what_can_be_stored(chunk: bytes, most: int, stays: bool) -> None:
    body = Endless(chunk)
    place = Place(body)
    place.be(cache_on_disconnect=stays)
    await place.chat(stream=True)
    assert body.cancelled
    assert body.read <= (most if stays else len(chunk))
    (row,) = place.usage_logs
    assert row["error_code"] == ("too_large_to_cache" if stays else "client_disconnected")
    await place.close()
