"""What the gateway asks of its host. Three hosts provide it: Cloudflare, CPython, Pyodide/Node.

A ``Platform`` belongs to one request: on Cloudflare no I/O object may be used by another one.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from gateway.core.http import Headers, UpstreamResponse
from gateway.core.sealed import Opener


class Platform(Protocol):
    """Clock, randomness, outgoing HTTP, background work, streams and AES-GCM."""

    @property
    def reads_streams(self) -> bool:
        """True when each chunk for the client goes through Python anyway, ``transform`` or not."""

    @property
    def has_queue(self) -> bool:
        """True when the deployment has a queue for usage rows."""

    @property
    def has_redis(self) -> bool:
        """True when the host keeps a connection to Redis of its own; else it is asked by HTTP."""

    @property
    def has_database(self) -> bool:
        """True when the host keeps a connection to PostgreSQL, which takes usage rows."""

    @property
    def opener(self) -> Opener | None:
        """Where the host has one: there each await by itself costs more than its work."""

    def now(self) -> float:
        """Unix time in seconds: what moment it is. It may be set back; durations come from
        ``monotonic``. On Cloudflare both move only when I/O happens.
        """

    def monotonic(self) -> float:
        """Seconds since some moment in the past, never less than a reading before: for durations,
        time limits and leases of this process.
        """

    def request_id(self) -> str:
        """A fresh random id, 32 hex digits."""

    async def sleep(self, seconds: float) -> None:
        """Let other work run for that long."""

    async def fetch(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: Any = None,
        *,
        timeout: float,
        connect_timeout: float | None = None,
        public_only: bool = False,
    ) -> UpstreamResponse:
        """Send a request; return when the response's headers are there.

        ``body`` is text, bytes, ``None`` or an ``Upload``. ``timeout`` bounds the time to
        the headers, and the body too when it is read by ``text()``. ``public_only``: the address
        is a customer's, so that it must not lie in the host's own network. Raises ``FetchFailed``,
        or ``AddressRefused``.
        """

    async def call(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str | bytes,
        *,
        timeout: float,
    ) -> tuple[int, str]:
        """A short exchange with a service of ours (Redis, Supabase): status and whole text.

        ``timeout`` bounds all of it. Raises ``FetchFailed``.
        """

    async def redis(self, command: Sequence[Any], *, timeout: float) -> Any:
        """Redis's reply to one command, over the connection that there is where ``has_redis``.

        Raises ``FetchFailed``, or ``UpstashError`` for an error that Redis answered.
        """

    async def insert_rows(self, rows: str, *, timeout: float) -> None:
        """Store usage rows, a JSON array, over the connection that there is where ``has_database``:
        all or none, and none twice. Raises ``DatabaseRefused``, or ``FetchFailed``.
        """

    def split(
        self, upstream: UpstreamResponse, *, first_timeout: float, idle_timeout: float
    ) -> tuple[Any, "Copy"]:
        """Two readers of one body: the client's source (for ``Live``) and the gateway's copy.

        The body is given up on after ``first_timeout`` seconds without its first chunk, or
        ``idle_timeout`` without a later one.

        The copy goes on when the client leaves. Chunks are never held back or joined.
        """

    def relay(self, upstream: UpstreamResponse, *, idle_timeout: float) -> Any:
        """The client's source (for ``Live``) of a body that nobody else reads."""

    def soon(self, act: Callable[[], None]) -> None:
        """Have ``act`` called once the response is on its way; at once, where it is the host that
        sends it. It must not wait, and belongs to this request no more than ``wait_until``'s."""

    def wait_until(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` after the response; the host stays alive for it.

        ``work`` may use this request's platform only; an error that it raises is only logged. It
        may be ended at any moment: Cloudflare does so about 30 s after the response, or after the
        client left.
        """

    async def enqueue(self, message: str) -> None:
        """Put a message on the queue; there is one where ``has_queue``. Raises ``FetchFailed``."""

    async def run_model(
        self, model: str, inputs: Mapping[str, Any], *, timeout: float
    ) -> dict[str, Any]:
        """Run a model of Cloudflare's Workers AI; inputs and answer are JSON values.

        Raises ``FetchFailed``, also where the deployment has no binding named AI.
        """

    async def seal(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """AES-256-GCM: a fresh 12-byte nonce, then ciphertext and tag."""

    async def unseal(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        """The inverse. Raises ``ValueError`` when key, data or ``aad`` do not fit."""


CLOSING_SECONDS = 1.0
"""How long a provider may hold a stream open whose terminal event it has sent."""


class DatabaseRefused(Exception):
    """PostgreSQL's refusal of a statement; ``code`` is its SQLSTATE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CopyGivenUp(Exception):
    """The copy was stopped so that the memory behind it stays bounded; the client's goes on."""


class Copy(Protocol):
    """The gateway's copy of a streamed body."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Chunks as they arrived. Raises ``FetchFailed`` when the upstream breaks or stalls, and
        ``CopyGivenUp``."""

    def ends(self) -> None:
        """The terminal event was read. The provider has ``CLOSING_SECONDS`` to close the stream;
        then the client's ends too, and whatever happens from here on is no failure."""

    def client_left(self) -> bool:
        """True once the client is known to have gone."""

    async def cancel(self) -> None:
        """Stop reading: the upstream connection is closed when nobody else reads it."""


def json_headers(*extra: tuple[str, str]) -> Headers:
    """Headers of a JSON request of ours."""
    return [("content-type", "application/json"), *extra]
