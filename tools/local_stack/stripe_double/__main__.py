"""`python -m local_stack.stripe_double --port 9200 --webhook-url http://127.0.0.1:8000/…`."""

import argparse
import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from local_stack.stripe_double.delivery import Delivery
from local_stack.stripe_double.service import StripeService, live
from local_stack.stripe_double.store import Store

_EVERY_SECONDS = 5.0


def create_app(base_url: str, webhook_url: str, data_file: Path | None) -> web.Application:
    """The double as an aiohttp application; `data_file` keeps its state between starts."""
    store = Store()
    if data_file and data_file.exists():
        store.load(json.loads(data_file.read_text()))
    delivery = Delivery(webhook_url)
    store.on_event = delivery.send

    def keep() -> None:
        if data_file:
            temporary = data_file.with_suffix(".tmp")
            temporary.write_text(json.dumps(store.dump()))
            temporary.replace(data_file)

    service = StripeService(store, resend=delivery.send, changed=keep)
    service.lifecycle.base_url = base_url

    async def handle(request: web.Request) -> web.StreamResponse:
        return await service.respond(request, await request.read())

    async def passing_time(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(live(service, _EVERY_SECONDS))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    app = web.Application()
    app.cleanup_ctx.append(passing_time)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def main() -> None:
    """Serve on loopback until stopped."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.stripe_double")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", required=True)
    parser.add_argument("--data-file", type=Path)
    given = parser.parse_args()
    app = create_app(f"http://127.0.0.1:{given.port}", given.webhook_url, given.data_file)
    web.run_app(app, host="127.0.0.1", port=given.port, access_log=None, print=lambda _text: None)


if __name__ == "__main__":
    main()
