"""The host of one request, and the state of this process that outlives it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.platform import Platform
from gateway.core.settings import Settings
from gateway.core.timing import Timing
from gateway.pipeline.runtime import Runtime
from gateway.redis.store import Store

if TYPE_CHECKING:
    from gateway.semantic.embedders import OutsideEmbedder


@dataclass(frozen=True, slots=True)
class Host:
    """``platform`` and ``store`` do I/O and belong to one request; ``runtime`` is plain data."""

    runtime: Runtime
    platform: Platform
    store: Store
    settings: Settings

    def outside_embedder(self, timing: Timing) -> "OutsideEmbedder | None":
        """The deployment's embedder, where it has one."""
        embedder, memory = self.settings.embedder, self.runtime.embedder
        if embedder is None:
            return None
        from gateway.semantic.embedders import OutsideEmbedder  # few deployments have one

        return OutsideEmbedder(self.platform, timing, memory, embedder)


def host_of(runtime: Runtime, platform: Platform) -> Host:
    """The host of a new request, with a Redis client of its own."""
    settings = runtime.settings
    store = Store(
        platform,
        settings.redis_url,
        settings.redis_token,
        timeout=settings.store_timeout,
        breaker=runtime.redis,
        probes=True,
    )
    return Host(runtime, platform, store, settings)
