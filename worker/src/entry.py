"""The Worker's entry on Cloudflare. Everything else is host-independent (``gateway``)."""

from typing import Any

from workers import WorkerEntrypoint

from gateway.platform import cloudflare


class Default(WorkerEntrypoint):
    """A class, because only its ``ctx.waitUntil`` keeps work alive after the response."""

    async def fetch(self, request: Any) -> Any:
        """Answer one request."""
        return await cloudflare.serve(request.js_object, self.env, self.ctx)
