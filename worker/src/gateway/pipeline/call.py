"""A generation request as its endpoint describes it to the pipeline."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.cache.policy import Policy
from gateway.core import errors
from gateway.formats.base import Format
from gateway.providers.registry import Target
from gateway.providers.upstream import Outgoing

if TYPE_CHECKING:
    from gateway.semantic.choice import Outcome, Query


@dataclass(slots=True)
class Call:
    """``key`` is its exact key; ``body`` as its target will get it, in the caller's dialect.

    ``query``: what the semantic tier looks for; ``None`` when it takes no part.
    ``outcome``: what it decided. ``refused``: a limit keeps this request from the provider.
    """

    endpoint: str
    target: Target
    body: dict[str, Any]
    stream: bool
    format: Format
    policy: Policy
    key: str
    estimated_tokens: int = 0
    query: "Query | None" = None
    outcome: "Outcome | None" = None
    refused: bool = False


def outgoing(call: Call, target: Target) -> Outgoing:
    """``call`` as ``target`` gets it: its model, its endpoint, its dialect."""
    capabilities = target.provider.capabilities
    body = call.body if target is call.target else {**call.body, "model": target.model}
    body = call.format.upstream_body(body, stream_usage=capabilities.stream_usage)
    if not target.provider.supports(call.endpoint):
        raise errors.InvalidRequest(
            f"The provider '{target.provider.name}' does not serve /v1{call.endpoint}.",
            param="model",
        )
    translation = target.provider.translation(call.endpoint)
    if translation is None:
        return Outgoing(call.endpoint, body)
    return Outgoing(translation.endpoint, translation.request(body), translation=translation)
