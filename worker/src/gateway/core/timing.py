"""When a request came and what its phases took."""

from gateway.core.platform import Platform


class Timing:
    """``started``: unix time. ``began``: the same moment on the monotonic clock.

    ``upstream_ms``: until the headers of the last provider that was asked; ``None`` before.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.started = platform.now()
        self.began = platform.monotonic()
        self.upstream_ms: int | None = None
        self._marks: list[str] = []

    def mark(self, name: str, since: float) -> None:
        """Add a phase to ``server-timing``; ``since``: its begin on the monotonic clock."""
        milliseconds = (self._platform.monotonic() - since) * 1000
        self._marks.append(f"{name};dur={milliseconds:.1f}")

    def elapsed_ms(self) -> int:
        """Milliseconds since the request came."""
        return round((self._platform.monotonic() - self.began) * 1000)

    def header(self) -> str:
        """The value of ``server-timing``."""
        return ", ".join(self._marks)
