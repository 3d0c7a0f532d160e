"""``POST /v1/messages`` and ``/v1/messages/count_tokens``: Anthropic's dialect, for every model."""

import json

from gateway.admission.request import AdmissionRequest
from gateway.core.errors import InvalidRequest
from gateway.core.http import Response
from gateway.endpoints import fields, stored_objects
from gateway.endpoints.generation import GenerationEndpoint
from gateway.formats.base import Json
from gateway.formats.messages import MessagesFormat
from gateway.pipeline.request_context import RequestContext
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


async def create(context: RequestContext) -> Response:
    """Serve one message, streamed or whole."""
    return await GENERATION.handle(context)


async def count_tokens(context: RequestContext) -> Response:
    """Ask the provider to count a request's tokens. Free of charge there, and never cached."""
    record = await context.authenticate()
    body = await context.json()
    model = fields.model(body)
    fields.sizes(body)
    fields.required(body, "messages", "an array")
    target = resolve(model, record.project, context.caller.request.path)
    context.row.event.provider, context.row.event.model = target.provider.name, target.model
    context.row.bypass("this endpoint is passed through")
    await context.admit(AdmissionRequest())
    if not target.provider.supports(COUNT_TOKENS):
        return _estimated(context, body)
    stored_objects.check_account(body, record, context.host.settings, target.provider)
    sent = {**body, "model": target.model}
    answer = await upstream.ask(
        context.upstream(), [target], lambda _: Outgoing(COUNT_TOKENS, sent)
    )
    text = await answer.text()
    if answer.response.status != 200:
        return context.provider_error(answer, text)
    context.row.event.cost_nanousd = context.row.event.saved_nanousd = 0
    response = context.response(200, "application/json", text, *answer.headers)
    context.row.finish(200)
    return response


def _estimated(context: RequestContext, body: Json) -> Response:
    """For providers that do not count tokens: an estimate, marked as one."""
    from gateway.providers.messages_over_chat import token_estimate

    context.row.event.cost_nanousd = context.row.event.saved_nanousd = 0
    told = {"input_tokens": token_estimate.estimate(body), "estimated": True}
    response = context.response(200, "application/json", json.dumps(told))
    context.row.finish(200)
    return response
