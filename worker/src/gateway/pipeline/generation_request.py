"""A generation request as its endpoint describes it to the pipeline."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.cache.policy import Policy
from gateway.core import errors
from gateway.formats.base import Format
from gateway.providers.registry import Target
from gateway.providers.upstream import Outgoing

_USAGE = "stream_options"

if TYPE_CHECKING:
    from gateway.prompt_cache.request import PromptCaching
    from gateway.semantic.choice import Query, SemanticChoice


@dataclass(slots=True)
class GenerationRequest:
    """``key`` is its exact key; ``body`` as its target will get it, in the caller's dialect.

    ``query``: what the semantic tier looks for; ``None`` when it takes no part.
    ``choice``: what it decided.
    ``prompt_caching``: its part in the provider's prompt cache, where it has one.
    ``most_completion``: tokens that the answer may have, 0 where the request does not say.
    ``estimated_tokens``: of request and answer; 0 where no limit counts them.
    """

    endpoint: str
    target: Target
    body: dict[str, Any]
    stream: bool
    format: Format
    policy: Policy
    key: str
    most_completion: int = 0
    estimated_tokens: int = 0
    query: "Query | None" = None
    choice: "SemanticChoice | None" = None
    prompt_caching: "PromptCaching | None" = None


def outgoing(generation: GenerationRequest, target: Target) -> Outgoing:
    """``generation`` as ``target`` gets it: its model, its endpoint, its dialect."""
    if generation.prompt_caching is not None and target is generation.target:
        return generation.prompt_caching.marked()
    body = (
        generation.body
        if target is generation.target
        else {**generation.body, "model": target.model}
    )
    body = generation.format.upstream_body(body, stream_usage=asks_usage(generation, target))
    if not target.provider.supports(generation.endpoint):
        raise errors.InvalidRequest(
            f"The provider '{target.provider.name}' does not serve /v1{generation.endpoint}.",
            param="model",
        )
    translation = target.provider.translation(generation.endpoint)
    endpoint = generation.endpoint
    if translation is None:
        body = target.provider.prepared(endpoint, body)
    else:
        endpoint, body = translation.endpoint, translation.request(body)
    plain = None
    if _USAGE in body and _USAGE not in generation.body:
        plain = {name: value for name, value in body.items() if name != _USAGE}
    caching = generation.prompt_caching
    prefix = caching.prompt.root if caching is not None else ""
    return Outgoing(endpoint, body, translation=translation, plain=plain, prefix=prefix)


def asks_usage(generation: GenerationRequest, target: Target) -> bool:
    """See ``Capabilities.asks_usage``."""
    return target.provider.capabilities.asks_usage(generation.body)
