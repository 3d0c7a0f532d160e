"""When a request came and what its phases took."""

from gateway.core.platform import Platform


class Timing:
    """``started``: unix time. ``began``: the same moment on the monotonic clock.

    ``upstream_ms``: from asking the first provider to the last of what came from any of them, with
    the pauses between attempts; ``None`` before one was asked.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.started = platform.now()
        self.began = platform.monotonic()
        self.upstream_ms: int | None = None
        self._asked: float | None = None
        self._marks: list[str] = []

    def mark(self, name: str, since: float) -> None:
        """Add a phase to ``server-timing``; ``since``: its begin on the monotonic clock."""
        milliseconds = (self._platform.monotonic() - since) * 1000
        self._marks.append(f"{name};dur={milliseconds:.1f}")

    def asks(self) -> float:
        """A provider is asked now. Returns the moment on the monotonic clock."""
        now = self._platform.monotonic()
        if self._asked is None:
            self._asked = now
        return now

    def answered(self) -> None:
        """Something of a provider's answer has come: its headers, its whole body, its end."""
        if self._asked is not None:
            self.upstream_ms = round((self._platform.monotonic() - self._asked) * 1000)

    def elapsed_ms(self) -> int:
        """Milliseconds since the request came."""
        return round((self._platform.monotonic() - self.began) * 1000)

    def header(self) -> str:
        """The value of ``server-timing``."""
        return ", ".join(self._marks)
