"""Usage rows through a Cloudflare Queue, where the deployment has bound one as ``USAGE_QUEUE``.

The queue then keeps what Supabase cannot take, and inserts are batched over all isolates. A message
is a JSON array of rows, as text: at most 128,000 bytes, as Cloudflare counts.
"""

import json
from collections.abc import Iterable, Sequence

from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.reporting.pending import Row

MAX_MESSAGE_BYTES = 120_000


async def send(platform: Platform, rows: Sequence[Row]) -> None:
    """Raises ``FetchFailed``; a row that arrives twice counts once."""
    waiting = [list(rows)]
    while waiting:
        batch = waiting.pop()
        message = json.dumps(batch, separators=(",", ":"))  # ASCII: characters are bytes
        if len(message) > MAX_MESSAGE_BYTES and len(batch) > 1:
            middle = len(batch) // 2
            waiting += [batch[middle:], batch[:middle]]
        else:
            await platform.enqueue(message)


def received(messages: Iterable[str]) -> list[Row]:
    """The rows of a batch of messages."""
    rows: list[Row] = []
    for message in messages:
        try:
            rows += json.loads(message)
        except (ValueError, TypeError) as error:
            log_event("queue_message_malformed", "error", reason=type(error).__name__)
    return rows
