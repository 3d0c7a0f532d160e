"""``POST /v1/messages`` and ``/v1/messages/count_tokens``: Anthropic's dialect, for every model."""

import json

from gateway.admission.request import AdmissionRequest
from gateway.core.errors import InvalidRequest
from gateway.core.http import Response
from gateway.endpoints import fields
from gateway.endpoints.generation import GenerationEndpoint
from gateway.formats.base import Json
from gateway.formats.messages import MessagesFormat
from gateway.pipeline.exchange import Exchange
from gateway.providers import upstream
from gateway.providers.base import COUNT_TOKENS, MESSAGES
from gateway.providers.registry import resolve
from gateway.providers.upstream import Outgoing
from shared import hashing


def _check(body: Json) -> None:
    fields.required(body, "messages", "an array")
    limit = body.get("max_tokens")
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise InvalidRequest("max_tokens: Field required, an integer.", param="max_tokens")


GENERATION = GenerationEndpoint(
    endpoint=MESSAGES,
    format=MessagesFormat(),
    identity=lambda body, _defaults: hashing.messages_identity(body),
    check=_check,
    completion_limit=("max_tokens",),
)


async def create(x: Exchange) -> Response:
    """Serve one message, streamed or whole."""
    return await GENERATION.handle(x)


async def count_tokens(x: Exchange) -> Response:
    """Ask the provider to count a request's tokens. Free of charge there, and never cached."""
    record = await x.authenticate()
    body = await x.json()
    model = fields.model(body)
    fields.sizes(body)
    fields.required(body, "messages", "an array")
    target = resolve(model, record.project, x.request.path)
    x.event.provider, x.event.model = target.provider.name, target.model
    x.bypass("this endpoint is passed through")
    await x.admit(AdmissionRequest())
    if not target.provider.supports(COUNT_TOKENS):
        return _estimated(x, body)
    sent = {**body, "model": target.model}
    answer = await upstream.ask(x.upstream(), [target], lambda _: Outgoing(COUNT_TOKENS, sent))
    text = await answer.text()
    if answer.response.status != 200:
        return x.provider_error(answer, text)
    x.event.cost_nanousd = x.event.saved_nanousd = 0
    response = x.response(200, "application/json", text, *answer.headers)
    x.finish(200)
    return response


def _estimated(x: Exchange, body: Json) -> Response:
    """Other providers do not count: an estimate that says that it is one."""
    from gateway.providers.messages_over_chat import token_estimate

    x.event.cost_nanousd = x.event.saved_nanousd = 0
    told = {"input_tokens": token_estimate.estimate(body), "estimated": True}
    response = x.response(200, "application/json", json.dumps(told))
    x.finish(200)
    return response
