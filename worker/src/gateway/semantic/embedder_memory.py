"""What this process remembers of the outside embedder between requests."""

from dataclasses import dataclass, field

from gateway.core.breaker import Breaker
from gateway.semantic.place import Place


@dataclass(slots=True)
class EmbedderMemory:
    """Plain data. ``places``: of prompts that were embedded lately."""

    breaker: Breaker = field(default_factory=lambda: Breaker(threshold=3, cooldown=10.0))
    places: dict[str, Place] = field(default_factory=dict, repr=False)
