"""``POST /v1/chat/completions``."""

from dataclasses import replace
from typing import Any

from gateway.cache import policy as policies
from gateway.endpoints import fields
from gateway.exchange import Exchange
from gateway.formats.chat import ChatFormat
from gateway.http import Response
from gateway.pipeline import Call, serve
from gateway.providers.base import CHAT
from gateway.providers.registry import Target, resolve
from shared import hashing

_FORMAT = ChatFormat()


async def handle(x: Exchange) -> Response:
    """Serve one chat completion, streamed or whole."""
    record = await x.authenticate()
    body = await x.json()
    model = fields.model(body)
    fields.required(body, "messages", "an array")
    stream = fields.stream(body)
    policy = policies.from_request(x.request, record.project)
    ceiling = record.project.max_temperature
    if ceiling is not None and not policy.why_bypass and _temperature(body) > ceiling:
        policy = replace(policy, read=False, write=False, why_bypass="temperature over the ceiling")
    target = resolve(model, record.project)
    sent = body if target.model == model else {**body, "model": target.model}
    key = exact_key(sent, target, policy.namespace, fields.answer_headers(x))
    return await serve(x, Call(CHAT, target, sent, stream, _FORMAT, policy, key))


def exact_key(body: dict[str, Any], target: Target, namespace: str, headers: dict[str, str]) -> str:
    """The request's exact key, hex. Raises ``InvalidRequest`` for what JSON cannot say."""
    defaults = target.provider.capabilities.openai_defaults
    identity = hashing.chat_identity(body, openai_defaults=defaults)
    return hashing.digest(CHAT, target.provider.name, namespace, headers, identity)


def _temperature(body: dict[str, Any]) -> float:
    value = body.get("temperature")
    return float(value) if isinstance(value, int | float) else 1.0
