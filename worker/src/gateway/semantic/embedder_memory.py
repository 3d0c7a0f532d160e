"""What this process remembers of the outside embedder between requests."""

from dataclasses import dataclass, field

from gateway.core.breaker import Breaker
from gateway.semantic.index_position import IndexPosition


@dataclass(slots=True)
class EmbedderMemory:
    """Plain data. ``positions``: of prompts that were embedded lately."""

    breaker: Breaker = field(default_factory=lambda: Breaker(threshold=3, cooldown=10.0))
    positions: dict[str, IndexPosition] = field(default_factory=dict, repr=False)
