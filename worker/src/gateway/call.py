"""A generation request as its endpoint describes it to the pipeline."""

from dataclasses import dataclass
from typing import Any

from gateway.cache.policy import Policy
from gateway.cache.semantic import Outcome, Query
from gateway.formats.base import Format
from gateway.providers.registry import Target


@dataclass(slots=True)
class Call:
    """``key`` is its exact key; ``body`` as its target will get it, in the caller's dialect.

    ``query``: what the semantic tier looks for; ``None`` when it takes no part.
    ``outcome``: what it decided.
    """

    endpoint: str
    target: Target
    body: dict[str, Any]
    stream: bool
    format: Format
    policy: Policy
    key: str
    estimated_tokens: int = 0
    query: Query | None = None
    outcome: Outcome | None = None
