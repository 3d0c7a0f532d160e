"""``GET /v1/models``: the models of every provider that this project can use."""

import json
from typing import Any

from gateway import errors, strict_json, upstream
from gateway.exchange import Exchange
from gateway.http import FetchFailed, Response
from gateway.limits import Lookup
from gateway.providers.base import MODELS, Provider
from gateway.providers.registry import PROVIDERS


async def handle(x: Exchange) -> Response:
    """Ask each configured provider; fail only when none of them answers."""
    record = await x.authenticate()
    await x.admit(Lookup())
    data: list[Any] = []
    failure: errors.GatewayError | None = None
    for provider in PROVIDERS.values():
        if provider.name not in x.settings.provider_keys or not provider.supports(MODELS):
            continue
        try:
            models = await _models_of(x, provider)
        except errors.GatewayError as error:
            failure = error
            continue
        prefix = "" if provider.name == record.project.default_provider else f"{provider.name}/"
        data += [{**model, "id": prefix + model["id"]} for model in models]
    if not data and failure is not None:
        raise failure
    response = x.response(200, "application/json", json.dumps({"object": "list", "data": data}))
    x.finish(200)
    return response


async def _models_of(x: Exchange, provider: Provider) -> list[dict[str, Any]]:
    answer = await upstream.send(x, provider, MODELS, None, method="GET")
    try:
        text = await answer.response.text()
        if answer.response.status != 200:
            raise FetchFailed(f"status {answer.response.status}")
        data = strict_json.answer(text)["data"]
        return [item for item in data if isinstance(item, dict) and isinstance(item["id"], str)]
    except (FetchFailed, ValueError, KeyError, TypeError) as error:
        failed = error if isinstance(error, FetchFailed) else FetchFailed("malformed model list")
        raise upstream.unreachable(provider, failed) from error
