"""Requests and responses as the gateway sees them, whatever the host."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.core.keep_alive import KeepAlive

_LONGEST_LENGTH = 16
"""The most digits of a length that is read: enough for a petabyte."""
Headers = list[tuple[str, str]]
Transform = Callable[[bytes], bytes]
"""Rewrites one chunk of a stream; called once more with ``b""`` at its end to flush."""


class Request(Protocol):
    """An incoming request. ``header`` takes a lower-case name."""

    method: str
    path: str
    query: str

    def header(self, name: str) -> str | None:
        """The header's value, that of repeated lines joined by commas, or ``None``."""

    async def text(self, limit: int) -> str:
        """The body as UTF-8 text, decoded as its ``content-encoding`` says. Raises ``BodyTooLarge``
        over ``limit`` bytes before or after that, ``InvalidJson`` when it is not UTF-8,
        ``UnsupportedEncoding``."""

    def client_left(self) -> bool:
        """True once the client is known to have closed its connection. False while the body is
        still being read."""

    def stream(self, limit: int) -> "Upload":
        """The body as it arrives, for ``Platform.fetch``, which raises ``BodyTooLarge`` when it has
        more than ``limit`` bytes."""


@dataclass(slots=True)
class Upload:
    """A caller's body on its way to a provider. ``source`` is the host's own object; ``failure``
    why it broke off, where that was the caller's doing and not the provider's."""

    source: Any
    failure: Exception | None = None


def declared_length(request: Request, *, unknown: int = 0) -> int:
    """The body's bytes by its ``content-length``; ``unknown`` where none tells."""
    value = request.header("content-length") or ""
    known = value.isascii() and value.isdigit() and len(value) < _LONGEST_LENGTH
    return int(value) if known else unknown


class UpstreamResponse(Protocol):
    """What a provider, Redis or Supabase answered. Header names are lower-case."""

    status: int

    @property
    def headers(self) -> dict[str, str]:
        """All headers; of a repeated one, the last or the joined value."""

    async def begin(self) -> bytes:
        """The first bytes of the body, at least 16 of them where it has so many. They are still
        there for whoever reads it afterwards. Raises ``FetchFailed``."""

    async def text(self) -> str:
        """The whole body. Raises ``FetchFailed`` when the connection breaks, ``AnswerTooLarge``
        when the body, decoded, is over ``MAX_ANSWER_BYTES``: the connection is closed then."""

    async def close(self) -> None:
        """Give the connection up without reading the rest."""


class FetchFailed(Exception):
    """An outside call did not complete.

    ``timeout`` tells a slow peer from an unreachable one. ``answered``: the peer did answer, and
    nothing can be made of it. A provider has charged for such an answer, so the request is not sent
    again.
    ``ours``: the peer is not to blame, and no breaker of it moves: this isolate was too busy to say
    whether the peer was late, would not hold its answer, or could not send the request.
    """

    def __init__(
        self, reason: str, *, timeout: bool = False, answered: bool = False, ours: bool = False
    ) -> None:
        super().__init__(reason)
        self.timeout = timeout
        self.answered = answered
        self.ours = ours


class AnswerTooLarge(FetchFailed):
    """An answer that must be held whole is over ``MAX_ANSWER_BYTES``."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is over {limit:,} bytes", answered=True, ours=True)


class Unsendable(FetchFailed):
    """The request could not be put into HTTP: nothing was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, ours=True)


class ClientStalled(FetchFailed):
    """The client, not the upstream, is at fault: it stopped reading its stream, and its copy was
    dropped."""


class NotConnected(FetchFailed):
    """No connection came about in time: the peer has got nothing."""


class AddressRefused(FetchFailed):
    """A customer's address that lies in a private network: it was not called."""


@dataclass(slots=True)
class Live:
    """A body that is still arriving from upstream: the client's copy of it.

    The host streams ``source`` (its own object, from ``Platform.split``) chunk by chunk, each
    through ``transform`` when there is one, never holding chunks back to join them. Where it
    breaks, the host ends it with what ``broken`` makes of the failure, and ``transform`` is not
    asked for its rest. ``keep_alive``: what may be sent while the upstream is silent.
    """

    source: Any
    broken: Callable[[FetchFailed], bytes]
    transform: Transform | None = None
    keep_alive: KeepAlive | None = None


def chain(*transforms: Transform | None) -> Transform | None:
    """One transform that applies several in turn; ``None`` when there is nothing to do."""
    steps = [transform for transform in transforms if transform is not None]
    if len(steps) < 2:
        return steps[0] if steps else None

    def run(chunk: bytes) -> bytes:
        at_end = not chunk
        for step in steps:
            data = step(chunk) if chunk else b""
            chunk = data + step(b"") if at_end else data
        return chunk

    return run


@dataclass(slots=True)
class Response:
    """Text bodies are sent as UTF-8."""

    status: int
    headers: Headers = field(default_factory=list)
    body: str | bytes | Live = ""
