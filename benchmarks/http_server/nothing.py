"""Applications that know their answer: what is measured is the server."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

QUESTION = json.dumps(
    {
        "model": "gpt-4o-mini",
        "temperature": 0,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Please answer in a few plain sentences. " * 8},
        ],
    }
).encode()
BODY = b"x" * 628
HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", b"628"),
    *((b"x-watchllm-header-%d" % number, b"value of it") for number in range(14)),
]


async def asgi(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Two messages, as ASGI has it; one call where the server takes whole answers."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    if (whole := scope.get("whole")) is not None:
        whole(200, HEADERS, BODY)
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def rsgi(scope: Any, protocol: Any) -> None:
    """granian's own interface."""
    if scope.proto != "http":
        return
    await protocol()
    protocol.response_bytes(200, _RSGI_HEADERS, BODY)


_RSGI_HEADERS = [(name.decode(), value.decode()) for name, value in HEADERS]
