"""The REST API as an ASGI application: reads bodies, writes answers, opens and closes the store."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from local_stack.redis_rest.api import Answer, Request, RestApi
from local_stack.redis_rest.commands import MAX_REQUEST_BYTES
from local_stack.redis_rest.embedded import EmbeddedStore
from local_stack.redis_rest.redis_server import RedisServerStore

AsgiApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def create_app(*, token: str, redis_url: str | None, data_file: Path | None) -> AsgiApp:
    """The application over a real Redis when `redis_url` is given, else over the embedded store."""
    store = RedisServerStore(redis_url) if redis_url else EmbeddedStore(data_file)
    api = RestApi(store, token)

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await _send_answer(send, scope["method"], await api.handle(await _read(scope, receive)))
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)

    async def _lifespan(receive: Any, send: Any) -> None:
        await receive()
        if isinstance(store, EmbeddedStore):
            await store.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await store.close()
        await send({"type": "lifespan.shutdown.complete"})

    return app


async def _read(scope: dict[str, Any], receive: Any) -> Request:
    body = b""
    while True:
        message = await receive()
        # One byte over the limit is enough for the API to refuse; the rest is read and dropped.
        body += message.get("body", b"")[: MAX_REQUEST_BYTES + 1 - len(body)]
        if not message.get("more_body"):
            break
    authorization = encoding = response_format = ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorization = value.decode("latin-1")
        elif name == b"upstash-encoding":
            encoding = value.decode("latin-1")
        elif name == b"upstash-response-format":
            response_format = value.decode("latin-1")
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        authorization=authorization,
        encoding=encoding,
        response_format=response_format,
        body=body,
    )


async def _send_answer(send: Any, method: str, answer: Answer) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(answer.body)),
        (b"upstash-sync-token", answer.sync_token.encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
