"""Waiting until a service answers."""

import asyncio
import urllib.error
import urllib.request

from local_stack.services import Service

_EVERY_SECONDS = 0.05
_ANSWER_SECONDS = 2.0


async def wait_until_up(service: Service) -> None:
    """Return once the service answers HTTP with anything but a server error."""
    while not await asyncio.to_thread(_answers, service):  # noqa: ASYNC110 - nobody tells us
        await asyncio.sleep(_EVERY_SECONDS)


def _answers(service: Service) -> bool:
    assert service.health_url is not None  # noqa: S101 - only steps have none, and they end
    request = urllib.request.Request(service.health_url, headers=dict(service.health_headers))  # noqa: S310 - our own loopback address
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
