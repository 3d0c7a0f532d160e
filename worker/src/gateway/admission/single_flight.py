"""Waiting for another request that is fetching the same answer.

The leader holds a lock in Redis for its lease. Followers look there with growing pauses until the
entry appears, the leader gives up (a tombstone), or the lease ran out. A follower waits at most one
lease, then asks the provider itself: nobody waits longer than lease + one upstream call. The
follower that finds an expired lock leads from then on. While a tombstone stands, none leads:
followers and new requests ask the provider side by side, and each stores what it gets.
"""

from dataclasses import dataclass

from gateway.admission.request import AdmissionRequest
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.redis.store import Store, StoreUnavailable
from shared import redis_keys
from shared.purge_cutoffs import model_field, namespace_field

TOMBSTONE_MS = 2_000
_FIRST_PAUSE = 0.025
_LONGEST_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """The leader's entry, or none. ``leads``: the lock had expired; this request holds it now."""

    entry: str | None
    now_ms: int
    leads: bool = False


async def follow(
    platform: Platform, store: Store, project_id: str, request: AdmissionRequest
) -> Found:
    """Wait for the leader. Never raises: without Redis the follower goes on its own."""
    began = platform.monotonic()
    pause = _FIRST_PAUSE
    now_ms = int(platform.now() * 1000)
    while platform.monotonic() - began < request.lease_ms / 1000:
        await platform.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
        try:
            entry, state, now_ms = await calls.follow(
                store,
                cutoffs=redis_keys.cutoffs(project_id),
                lock=request.lock,
                entry=request.entries[0],
                model_field=model_field(request.model),
                namespace_field=namespace_field(request.namespace),
                lock_token=request.wants.lock_token,
                lease_ms=request.lease_ms,
            )
        except StoreUnavailable:
            break
        if entry is not None:
            return Found(entry, now_ms)
        if state != "wait":
            return Found(None, now_ms, leads=state == "lead")
    return Found(None, now_ms)
