"""``GET /v1/models``: the models of every provider that this project can use, all or one.

In OpenAI's shape. A caller that sends ``anthropic-version``, as Anthropic's SDKs do, gets
Anthropic's models in Anthropic's shape; no other provider is asked.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from gateway.admission.request import AdmissionRequest
from gateway.core import errors, strict_json
from gateway.core.http import FetchFailed, Response
from gateway.formats.base import count
from gateway.pipeline.request_context import RequestContext
from gateway.providers import anthropic, upstream
from gateway.providers.base import MODELS, Provider
from gateway.providers.registry import PROVIDERS, Target, resolve
from gateway.providers.upstream import Outgoing
from gateway.providers.upstream_answer import unreachable

_SNAPSHOT = re.compile(r"-\d{8}\Z")
"""How Anthropic dates a model: it lists the snapshot, and knows the name without the date, too."""


async def handle(context: RequestContext) -> Response:
    """Ask each configured provider; fail only when none of them answers."""
    record = await context.authenticate()
    await context.admit(AdmissionRequest(no_upstream=True))
    if _speaks_anthropic(context):
        models = await _models_of(context, anthropic.PROVIDER)
        return _answer(context, _as_anthropics_list(models))
    usable = set(context.host.settings.provider_keys) | {
        item.provider for item in record.credentials
    }
    data: list[Any] = []
    failure: errors.GatewayError | None = None
    for provider in PROVIDERS.values():
        if provider.name not in usable or not provider.supports(MODELS):
            continue
        try:
            models = await _models_of(context, provider)
        except errors.GatewayError as error:
            failure = error
            continue
        prefix = "" if provider.name == record.project.default_provider else f"{provider.name}/"
        data += [{"object": "model", **model, "id": prefix + model["id"]} for model in models]
    if not data and failure is not None:
        raise failure
    return _answer(context, {"object": "list", "data": data})


async def retrieve(context: RequestContext) -> Response:
    """``GET /v1/models/{model}``: asked of the provider that a request for it would go to."""
    name = unquote(context.caller.path.removeprefix("/v1/models/"))
    record = await context.authenticate("/v1/models")
    await context.admit(AdmissionRequest(no_upstream=True))
    target = resolve(name, record.project, context.caller.request.path)
    context.row.event.provider = target.provider.name
    if _speaks_anthropic(context) and target.provider is not anthropic.PROVIDER:
        raise errors.UnknownModel(f"Anthropic has no model '{name}'.", param="model")
    if not target.provider.supports(MODELS):
        raise errors.UnknownModel(
            f"The provider '{target.provider.name}' does not list its models."
        )
    for model in await _models_of(context, target.provider):
        if target.model in (model["id"], _SNAPSHOT.sub("", model["id"])):
            found = {"object": "model", **model, "id": name}
            return _answer(context, _as_anthropic(found) if _speaks_anthropic(context) else found)
    raise errors.UnknownModel(f"The model '{name}' does not exist.", param="model")


def _speaks_anthropic(context: RequestContext) -> bool:
    return context.caller.request.header("anthropic-version") is not None


def _answer(context: RequestContext, body: dict[str, Any]) -> Response:
    response = context.response(200, "application/json", json.dumps(body))
    context.row.finish(200)
    return response


def _as_anthropics_list(models: list[dict[str, Any]]) -> dict[str, Any]:
    data = [_as_anthropic(model) for model in models]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
    return {"data": data, "has_more": False, **ends}


def _as_anthropic(model: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's object of a model as Anthropic's. Only Anthropic's models have display names."""
    seconds = count(model.get("created")) or 0
    return {
        "type": "model",
        "id": model["id"],
        "display_name": model.get("display_name") or model["id"],
        "created_at": datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z"),
    }


async def _models_of(context: RequestContext, provider: Provider) -> list[dict[str, Any]]:
    outgoing = Outgoing(MODELS, method="GET")
    answer = await upstream.ask(context.upstream(), [Target(provider, "")], lambda _: outgoing)
    text = await answer.text()
    try:
        listed = strict_json.answer(text)
        translation = provider.translation(MODELS)
        data = (translation.answer(listed) if translation else listed)["data"]
        if answer.response.status != 200:
            raise ValueError(f"status {answer.response.status}")
        return [item for item in data if isinstance(item, dict) and isinstance(item["id"], str)]
    except (ValueError, KeyError, TypeError) as error:
        raise unreachable(provider, FetchFailed(f"model list: {error}")) from error
