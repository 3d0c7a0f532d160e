"""Waiting until a service answers."""

import asyncio
import urllib.request

from local_stack.services import Service

_EVERY_SECONDS = 0.05
_ANSWER_SECONDS = 2.0


async def wait_until_up(service: Service) -> None:
    """Return once the service answers its health request with a 2xx status."""
    while not await asyncio.to_thread(_answers, service):  # noqa: ASYNC110 - nobody tells us
        await asyncio.sleep(_EVERY_SECONDS)


def _answers(service: Service) -> bool:
    assert service.health_url is not None  # noqa: S101 - only steps have none, and they end
    request = urllib.request.Request(  # noqa: S310 - a loopback address of ours
        service.health_url, data=service.health_body, headers=dict(service.health_headers)
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS):  # noqa: S310
            return True
    except OSError:
        return False
