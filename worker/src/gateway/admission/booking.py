"""Adding to Redis, once it is back, what this process counted without it.

Requests and money of the month are booked whole, requests and tokens of the last minute with the
time of the booking. A booking keeps its name until Redis has answered it, so that one whose answer
was lost counts once. A request whose own command to Redis timed out is not booked: Redis may have
run the command, and has counted the request then.
"""

from dataclasses import dataclass, field

from gateway.admission.local_limits import LocalLimits
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.redis.store import Store, StoreUnavailable
from shared import redis_keys

_MOST_ACCOUNTS = 200
_MOST_REQUESTS = 10_000
"""Of a minute's log: the script pushes them one by one."""
_LEASE_SECONDS = 5.0


@dataclass(slots=True)
class Bookings:
    """Those that Redis has not confirmed, by name: account, kind and amount of each part."""

    unconfirmed: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    busy_until: float = 0.0


def start(platform: Platform, store: Store, local: LocalLimits, bookings: Bookings) -> None:
    """Redis has answered: after the response, book what it does not know of."""
    now = platform.monotonic()
    if (local.owes or bookings.unconfirmed) and now >= bookings.busy_until:
        bookings.busy_until = now + _LEASE_SECONDS
        platform.wait_until(_book(platform, store, local, bookings))


async def _book(platform: Platform, store: Store, local: LocalLimits, bookings: Bookings) -> None:
    owed = local.take_unbooked(platform.monotonic())
    for begin in range(0, len(owed), _MOST_ACCOUNTS):
        part = owed[begin : begin + _MOST_ACCOUNTS]
        bookings.unconfirmed[platform.request_id()] = part
    try:
        for name, part in list(bookings.unconfirmed.items()):
            await calls.book(
                store,
                booking=redis_keys.booking(name),
                accounts=[account for account, _, _ in part],
                amounts=[
                    (kind, min(amount, _MOST_REQUESTS) if kind == "requests" else amount)
                    for _, kind, amount in part
                ],
            )
            bookings.unconfirmed.pop(name, None)
    except StoreUnavailable as error:
        log_event("outage_not_booked", "warning", reason=str(error))
    finally:
        bookings.busy_until = 0.0
