"""What the generation endpoints have in common: parse, key, serve."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateway.admission import accounts
from gateway.cache import policy as policies
from gateway.cache.policy import Policy
from gateway.core import errors
from gateway.core.http import Response
from gateway.endpoints import fields, live_data, stored_objects
from gateway.formats.base import Format, Json
from gateway.pipeline.generation_request import GenerationRequest
from gateway.pipeline.request_context import RequestContext
from gateway.pipeline.serve import serve
from gateway.providers.credentials import source
from gateway.providers.registry import Target, resolve
from shared import hashing
from shared.usage_events import CacheDecision


@dataclass(frozen=True, slots=True)
class GenerationEndpoint:
    """An endpoint as data.

    ``identity(body, openai_defaults)``: the request reduced to what can change its answer.
    ``check(body)``: raises ``InvalidRequest`` where a field that the gateway needs is missing.
    ``semantic``: whether paraphrases may be answered from the cache. ``completion_limit``: the
    fields that bound the completion's tokens.
    """

    endpoint: str
    format: Format
    identity: Callable[[Json, bool], Json]
    check: Callable[[Json], None]
    completion_limit: tuple[str, ...]
    semantic: bool = False

    async def handle(self, context: RequestContext) -> Response:
        """Serve one request, streamed or whole."""
        record = await context.authenticate()
        body = await context.json()
        model = fields.model(body)
        fields.sizes(body)
        self.check(body)
        stream = fields.stream(body)
        target = resolve(model, record.project, context.caller.request.path)
        uncached = live_data.why_uncached(self.endpoint, body, model, target.model)
        if uncached is not None:
            settings = context.host.settings
            stored_objects.check_account(body, record, settings, target.provider)
        policy = _policy(context, body, uncached)
        sent = body if target.model == model else {**body, "model": target.model}
        parts, identity = self.key_parts(context, sent, target, policy.namespace)
        key = _digest(parts, identity)
        query = None
        if self.semantic and policy.read and policy.semantic != "off":
            from gateway.semantic import choice as semantic

            found = await semantic.prepare(
                identity, policy.semantic, parts, record, context.outside_embedder()
            )
            if isinstance(found, semantic.Ineligible):
                context.row.event.decision = CacheDecision(eligible=False, reason=found.reason)
            else:
                query = found
        allowed = fields.token_limit(body, self.completion_limit)
        estimate = accounts.estimate_tokens(record, context.caller.characters, allowed)
        generation = GenerationRequest(
            self.endpoint,
            target,
            sent,
            stream,
            self.format,
            policy,
            key,
            most_completion=allowed,
            estimated_tokens=estimate,
            query=query,
        )
        return await serve(context, generation)

    def key_parts(
        self, context: RequestContext, body: Json, target: Target, namespace: str
    ) -> tuple[list[Any], Json]:
        """What the exact key is made of: surroundings, and the request's canonical identity."""
        identity = self.identity(body, target.provider.capabilities.openai_defaults)
        answers = source(context.record, target.provider)
        return [self.endpoint, answers, namespace, fields.answer_headers(context)], identity


def _policy(context: RequestContext, body: Json, uncached: str | None) -> Policy:
    """``uncached``: why this body must not be cached, if so."""
    project = context.record.project
    policy = policies.from_request(context.caller.request, project)
    if policy.why_bypass:
        return policy
    ceiling = project.max_temperature
    if ceiling is not None and temperature(body) > ceiling:
        uncached = "temperature over the project's ceiling"
    return replace(policy, read=False, write=False, why_bypass=uncached) if uncached else policy


def _digest(parts: list[Any], identity: Json) -> str:
    """The exact key, hex. Raises ``InvalidJson`` for a value that JSON cannot express."""
    try:
        return hashing.digest(*parts, identity)
    except ValueError as error:
        raise errors.InvalidJson(
            f"The request has a value that JSON cannot express: {error}"
        ) from error


def temperature(body: Json) -> float:
    """The sampling temperature; 1 is the default of every dialect."""
    value: Any = body.get("temperature")
    return value if isinstance(value, int | float) else 1.0
