"""The Cloudflare host (and Pyodide under Node): the only package that touches JavaScript.

Written by the costs measured in workerd: few awaits, few wrapper objects, responses built by
``js.Response`` itself. JavaScript objects live no longer than their request.
"""

from typing import Any

from gateway import app as application
from gateway.reporting import writer
from hosts.cloudflare import clock, steps
from hosts.cloudflare.host import CloudflarePlatform
from hosts.cloudflare.isolate import runtime
from hosts.cloudflare.request import JsRequest
from hosts.cloudflare.response import as_js


async def serve(request: Any, env: Any, ctx: Any) -> Any:
    """Answer a JavaScript ``Request`` with a ``Response``."""
    await steps.load()
    asked = JsRequest(request)
    platform = CloudflarePlatform(env, ctx, request, asked.id)
    response = await application.handle(runtime(env), platform, asked)
    return as_js(response)


async def consume(batch: Any, env: Any, ctx: Any) -> None:
    """Store a batch of the usage queue. Returning acknowledges its messages."""
    await _begin()
    messages = [message.body for message in batch.messages]
    if not await writer.consume(CloudflarePlatform(env, ctx), runtime(env).outbox, messages):
        batch.retryAll()


async def tick(env: Any, ctx: Any) -> None:
    """The cron trigger: write what an outage left behind, even when no request comes, and let the
    dashboard do what is due there.
    """
    from gateway.reporting import dashboard  # no request needs it

    await _begin()
    kept = runtime(env)
    kept.outbox.pending.next_drain = kept.outbox.pending.next_refused = 0.0
    platform = CloudflarePlatform(env, ctx)
    await writer.deliver(platform, kept.outbox)
    await dashboard.tick(platform, kept.settings)


async def _begin() -> None:
    """Before an event that is no request."""
    await steps.load()
    clock.begins()
