"""The Worker's entry on Cloudflare. Everything else is host-independent (``gateway``)."""

from typing import Any

from workers import WorkerEntrypoint

from hosts import cloudflare
from hosts.cloudflare import snapshot  # noqa: F401 (for Cloudflare's snapshot)


class Default(WorkerEntrypoint):
    """A class, because only its ``ctx.waitUntil`` keeps work alive after the response."""

    async def fetch(self, request: Any) -> Any:
        """Answer one request."""
        return await cloudflare.serve(request.js_object, self.env, self.ctx)

    async def queue(self, batch: Any, *_: Any) -> None:
        """Store usage rows that a queue brings. (The runtime also passes ``env`` and ``ctx``.)"""
        await cloudflare.consume(batch, self.env, self.ctx)

    async def scheduled(self, *_: Any) -> None:
        """Run by the cron trigger."""
        await cloudflare.tick(self.env, self.ctx)
