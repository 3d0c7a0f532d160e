"""``GET /v1/models``: the models of every provider that this project can use, all or one."""

import json
from typing import Any
from urllib.parse import unquote

from gateway import errors, strict_json, upstream
from gateway.exchange import Exchange
from gateway.http import FetchFailed, Response
from gateway.limits import Lookup
from gateway.providers.base import MODELS, Provider
from gateway.providers.registry import PROVIDERS, Target, resolve
from gateway.upstream import Outgoing


async def handle(x: Exchange) -> Response:
    """Ask each configured provider; fail only when none of them answers."""
    record = await x.authenticate()
    await x.admit(Lookup(only=True))
    usable = set(x.settings.provider_keys) | {item.provider for item in record.credentials}
    data: list[Any] = []
    failure: errors.GatewayError | None = None
    for provider in PROVIDERS.values():
        if provider.name not in usable or not provider.supports(MODELS):
            continue
        try:
            models = await _models_of(x, provider)
        except errors.GatewayError as error:
            failure = error
            continue
        prefix = "" if provider.name == record.project.default_provider else f"{provider.name}/"
        data += [{"object": "model", **model, "id": prefix + model["id"]} for model in models]
    if not data and failure is not None:
        raise failure
    response = x.response(200, "application/json", json.dumps({"object": "list", "data": data}))
    x.finish(200)
    return response


async def retrieve(x: Exchange) -> Response:
    """``GET /v1/models/{model}``: asked of the provider that a request for it would go to."""
    name = unquote(x.endpoint.removeprefix("/v1/models/"))
    x.endpoint = "/v1/models"
    record = await x.authenticate()
    await x.admit(Lookup(only=True))
    target = resolve(name, record.project, x.request.path)
    x.event.provider = target.provider.name
    if not target.provider.supports(MODELS):
        raise errors.UnknownModel(
            f"The provider '{target.provider.name}' does not list its models."
        )
    for model in await _models_of(x, target.provider):
        if model["id"] == target.model:
            body = json.dumps({"object": "model", **model, "id": name})
            response = x.response(200, "application/json", body)
            x.finish(200)
            return response
    raise errors.UnknownModel(f"The model '{name}' does not exist.", param="model")


async def _models_of(x: Exchange, provider: Provider) -> list[dict[str, Any]]:
    outgoing = Outgoing(MODELS, method="GET")
    answer = await upstream.ask(x, [Target(provider, "")], lambda _: outgoing)
    text = await answer.text()
    try:
        listed = strict_json.answer(text)
        translation = provider.translation(MODELS)
        data = (translation.answer(listed) if translation else listed)["data"]
        if answer.response.status != 200:
            raise ValueError(f"status {answer.response.status}")
        return [item for item in data if isinstance(item, dict) and isinstance(item["id"], str)]
    except (ValueError, KeyError, TypeError) as error:
        raise upstream.unreachable(provider, FetchFailed(f"model list: {error}")) from error
