"""What the pipeline needs to know about an answer format (chat completions, responses, …)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.formats.sse import Event

Json = dict[str, Any]
Places = Sequence[Sequence[str]]
"""Paths of members of an object, see ``member``."""
MALFORMED = (ValueError, LookupError, TypeError, AttributeError)
"""Exceptions raised while reading a malformed provider response."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer; ``None`` where the provider did not say.

    ``cached`` and ``cache_write`` are parts of ``prompt``; ``cache_write_hour`` is the part of
    ``cache_write`` that Anthropic keeps for an hour, or OpenAI for twelve, at a higher price.
    ``other``: how many of all tokens are sound or pictures. ``service_tier``: what the provider
    calls the service that it gave, empty where it names none. ``told_nanousd``: what the answer
    says that it costs, in a unit that is dollars at some providers only (``tells_cost`` of their
    capabilities).
    """

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    cache_write_hour: int | None = None
    other: int | None = None
    service_tier: str = ""
    told_nanousd: int | None = None


class Assembler(Protocol):
    """Collects a stream into the answer that the same request without ``stream`` would give.

    ``done``: the terminal event was seen. ``finish`` may give an answer without it, at the end of a
    stream whose every part has ended. ``collected``: about how many characters it holds.
    """

    done: bool
    collected: int

    def feed(self, event: Event) -> None:
        """Take one event. Never raises on what a provider may send; marks itself broken."""

    def finish(self) -> Json | None:
        """The whole answer, or ``None`` when the stream was not a complete, good one. Raises one of
        ``MALFORMED`` when its parts do not fit together."""

    def usage(self) -> Usage:
        """The usage seen so far, also of a stream that is not stored."""

    def forget(self) -> None:
        """Drop the collected text, because there is too much of it; ``finish`` gives ``None`` from
        now on."""


class ClientFilter(Protocol):
    """A ``Transform`` of one client's stream.

    ``next_number``: what the next event would be numbered; 0 where a format does not number them.
    """

    next_number: int

    def __call__(self, chunk: bytes) -> bytes:
        """See ``Transform``."""


class Format(Protocol):
    """One endpoint's answers. Stateless."""

    name: str

    def assembler(self, request: Json, *, usage_at: Places = ()) -> Assembler:
        """A fresh assembler for the stream that answers ``request``. ``usage_at``: where
        usage may stand beside OpenAI's place."""

    def storable(self, answer: Json, request: Json) -> bool:
        """True when ``answer`` is complete: nothing failed, filtered or missing."""

    def usage(self, answer: Json) -> Usage:
        """The answer's token counts."""

    def text(self, answer: Json) -> str | None:
        """The answer's one text, for comparing answers; ``None`` when it is more than that."""

    def replay(self, answer: Json, request: Json, *, usage_with_end: bool = False) -> bytes:
        """``answer`` as the event stream that ``request`` asked for.

        ``usage_with_end``: see ``Capabilities``.
        """

    def upstream_body(self, request: Json, *, stream_usage: bool) -> Json:
        """``request`` as it is sent on: the usage event is asked for where it is an option."""

    def client_filter(self, request: Json, *, stream_usage: bool) -> ClientFilter | None:
        """Removes from the live stream what only ``upstream_body`` asked for, and follows it."""


def member(value: Any, path: Iterable[str]) -> Any:
    """The member at ``path`` of nested objects; ``None`` where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


MOST_TOKENS = 2**31 - 1
"""The most tokens of one answer, limited by the database's column: over a thousand times any
model's context."""


MOST_NANOUSD = 10_000 * 10**9
"""The most that one answer can plausibly cost: over a hundred times any model's longest answer.
What is said or computed beyond it is not known."""


def nanodollars(value: Any) -> int | None:
    """Dollars of one answer as nano-dollars, or ``None`` for anything that is not such a sum."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value * 10**9) if number and 0 <= value <= MOST_NANOUSD // 10**9 else None


def tier_name(value: Any) -> str:
    """The service tier that an answer names, or an empty string."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int | None:
    """A token count, or ``None`` for anything that is not one."""
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if known else None
