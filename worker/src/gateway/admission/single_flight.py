"""Identical requests of all processes: one asks the provider, the others wait for its entry.

The leader holds a lock in Redis by a short lease, and renews it for as long as its provider works
(``Leader``). Followers look there with growing pauses until the entry appears, the leader gives up
(a tombstone), or the lock has expired, which means that the leader is gone (``follow``).

Within a process ``cache.flights`` does the same without Redis, so a process has one follower at
most. While a tombstone stands (``TOMBSTONE_MS``), nobody leads across processes: followers and new
requests ask the provider, one of each process, and each stores what it gets.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.admission.request import AdmissionRequest
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.redis.store import Store, StoreUnavailable
from shared import redis_keys
from shared.purge_cutoffs import model_field, namespace_field

TOMBSTONE_MS = 2_000
_FIRST_PAUSE = 0.025
_LONGEST_PAUSE = 0.25
_RENEWED_AFTER = 0.4
"""Share of the lease after which it is renewed: one renewal may fail before it is over."""
_TICK = 1.0
"""Seconds between two looks whether the leader has finished; a lease may be much longer."""


class Leader:
    """One request that asks the provider for others, until ``end``.

    ``beat`` is called now and then while it works.
    """

    def __init__(
        self,
        platform: Platform,
        store: Store,
        request: AdmissionRequest,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._token = ""
        self._is_kept = False
        self._platform = platform
        self._store = store
        self._request = request
        self._beat = beat
        self._has_ended = False

    def hold(self, token: str) -> None:
        """The lock is this request's: renew it until ``end``."""
        self._token = token
        self.keep()

    def keep(self) -> None:
        """Show that this request works, until ``end``."""
        if not self._is_kept:
            self._is_kept = True
            self._platform.wait_until(self._keep())

    def end(self) -> None:
        """The provider has answered, or failed; the lock is given up with the post-response."""
        self._has_ended = True

    async def _keep(self) -> None:
        renewed_after = self._request.lease_ms / 1000 * _RENEWED_AFTER
        waited = 0.0
        while True:
            pause = min(_TICK, renewed_after)
            await self._platform.sleep(pause)
            if self._has_ended:
                return
            self._beat()
            waited += pause
            if waited >= renewed_after:
                waited = 0.0
                await self._renew()

    async def _renew(self) -> None:
        request = self._request
        if not self._token:
            return
        try:
            holds = await calls.renew(
                self._store, lock=request.lock, lock_token=self._token, lease_ms=request.lease_ms
            )
        except StoreUnavailable as error:
            log_event("lock_not_renewed", "warning", reason=str(error))
            return
        if not holds:
            self._token = (
                ""  # Redis lost the lock, or was away for a lease: another request may lead
            )


@dataclass(frozen=True, slots=True)
class Found:
    """The leader's entry, or none. ``leads``: the lock had expired; this request holds it now."""

    entry: str | None
    now_ms: int
    leads: bool = False


async def follow(
    platform: Platform, store: Store, project_id: str, request: AdmissionRequest
) -> Found:
    """Wait for the leader, for as long as it renews its lease. Never raises.

    A look that fails says nothing about the leader, and is done again. After a lease of such looks
    it counts as gone: what it held has expired, if Redis still has it.
    """
    pause, unheard = _FIRST_PAUSE, 0.0
    now_ms = int(platform.now() * 1000)
    while unheard < request.lease_ms / 1000:
        await platform.sleep(pause)
        began = platform.monotonic()
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
            unheard += pause + platform.monotonic() - began
            pause = min(_LONGEST_PAUSE, pause * 1.5)
            continue
        unheard = 0.0
        pause = min(_LONGEST_PAUSE, pause * 1.5)
        if entry is not None:
            return Found(entry, now_ms)
        if state != "wait":
            return Found(None, now_ms, leads=state == "lead")
    return Found(None, int(platform.now() * 1000))
