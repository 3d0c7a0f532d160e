"""``GET /health``: the process answers. Asks nobody else."""

from gateway.exchange import Exchange
from gateway.http import Response


async def handle(x: Exchange) -> Response:
    """Liveness; needs no key."""
    return Response(
        200,
        [("content-type", "application/json"), ("cache-control", "no-store")],
        f'{{"status":"ok","environment":"{x.settings.environment}"}}',
    )
