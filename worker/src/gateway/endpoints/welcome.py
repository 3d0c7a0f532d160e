"""``GET /`` and ``GET /v1``: what the base URL answers to a browser."""

import json

from gateway.core.http import Response
from gateway.pipeline.request_context import RequestContext

_BODY = json.dumps(
    {
        "object": "watchllm",
        "message": "This is WatchLLM, a caching proxy for the APIs of language models. Use this "
        "address with /v1 as the base URL of your client, with a WatchLLM key.",
        "health": "/health",
    }
)


async def handle(context: RequestContext) -> Response:  # noqa: ARG001 (it is the same for everybody)
    """Needs no key and calls no other service."""
    return Response(200, [("content-type", "application/json")], _BODY)
