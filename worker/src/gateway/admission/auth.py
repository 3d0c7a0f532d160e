"""From an API key to its record: isolate memory, then Redis, then Supabase.

A record is used for at most ``RECORD_SECONDS`` after Supabase answered it, wherever it was kept
in between, so an edit is in force within a minute even when Redis could not be told. While
Supabase cannot be asked, a known record serves on for ``STALE_SECONDS``: a key that was good a
moment ago must not fail because our own database is away.
"""

import json
from typing import Any

from gateway.admission.key_memory import KeyMemory, Remembered
from gateway.core import errors
from gateway.core.http import FetchFailed, Request
from gateway.core.log import log_event
from gateway.core.platform import Platform, json_headers
from gateway.core.settings import Settings
from gateway.redis.store import Breaker, Store, StoreUnavailable
from shared import api_keys, key_record, redis_keys
from shared.key_record import KeyRecord, KeyRecordError

RECORD_SECONDS = 60.0
REFRESH_SECONDS = 40.0
STALE_SECONDS = 3600.0
_LOOK_AGAIN_SECONDS = (0.005, 0.01, 0.02, 0.04)
"""Pauses of a request whose key another request is looking up; the last one repeats."""


def presented_key(request: Request) -> str:
    """The key of ``Authorization: Bearer`` or ``x-api-key``. Raises ``AuthenticationError``."""
    header = request.header("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() == "bearer" and key.strip():
            return key.strip()
    key = (request.header("x-api-key") or "").strip()
    if key:
        return key
    raise errors.AuthenticationError(
        "You didn't provide an API key. Send your WatchLLM key as "
        "'Authorization: Bearer lgw_…' (or in 'x-api-key')."
    )


class KeyResolver:
    """Finds key records for one request."""

    def __init__(
        self,
        platform: Platform,
        store: Store,
        settings: Settings,
        memory: KeyMemory,
        breaker: Breaker,
    ) -> None:
        self._platform = platform
        self._store = store
        self._settings = settings
        self._memory = memory
        self._breaker = breaker

    async def authenticate(self, key: str) -> tuple[str, KeyRecord]:
        """The key's hash and record. Raises the ``GatewayError`` that tells what is wrong."""
        if not api_keys.well_formed(key):
            raise _unknown(key)
        key_hash = api_keys.key_hash(key, self._settings.api_key_pepper)
        record = await self._record(key_hash)
        if record is None:
            raise _unknown(key)
        check_usable(record, self._platform.now())
        return key_hash, record

    async def newest(self, key_hash: str, *, hurry: bool = True) -> KeyRecord | None:
        """The record straight from Supabase, after Redis said that ours is outdated.

        ``None`` when the key is gone. Raises ``FetchFailed`` when Supabase cannot be asked.
        """
        settings = self._settings
        timeout = settings.store_timeout if hurry else settings.key_lookup_timeout
        record = await self._ask_supabase(key_hash, timeout)
        self._memory.remember(key_hash, record, self._platform.now())
        return record

    async def _record(self, key_hash: str) -> KeyRecord | None:
        now = self._platform.now()
        known = self._memory.records.get(key_hash)
        age = now - known.fetched_at if known else STALE_SECONDS
        if known is not None and age < RECORD_SECONDS:
            if age > REFRESH_SECONDS and not known.refreshing:
                known.refreshing = True
                self._platform.wait_until(self._refresh(key_hash))
            return known.record
        if self._memory.is_unknown(key_hash, now):
            return None
        fallback = known.record if known is not None and age < STALE_SECONDS else None
        return await self._look_up_once(key_hash, fallback)

    async def _refresh(self, key_hash: str) -> None:
        try:
            await self.newest(key_hash)
        except FetchFailed as error:
            log_event("key_refresh_failed", "warning", reason=str(error))

    async def _look_up_once(self, key_hash: str, fallback: KeyRecord | None) -> KeyRecord | None:
        """Look the key up, or wait for the request of this isolate that is doing so.

        ``fallback``: an outdated record that may still serve. Waiting is done by looking at plain
        data again: a Worker's request must not await another's promise.
        """
        memory, settings = self._memory, self._settings
        began = now = self._platform.now()
        longest = settings.store_timeout + settings.key_lookup_timeout
        pauses = iter(_LOOK_AGAIN_SECONDS)
        while not memory.begin_look_up(key_hash, now, longest):
            if fallback is not None:
                return fallback
            if now - began >= longest:
                raise _unavailable()
            await self._platform.sleep(next(pauses, _LOOK_AGAIN_SECONDS[-1]))
            now = self._platform.now()
            known = memory.records.get(key_hash)
            if known is not None and known.fetched_at > now - RECORD_SECONDS:
                return known.record
            if memory.is_unknown(key_hash, now):
                return None
        try:
            return await self._look_up(key_hash, fallback)
        finally:
            memory.end_look_up(key_hash)

    async def _look_up(self, key_hash: str, fallback: KeyRecord | None) -> KeyRecord | None:
        cached = None if fallback else await self._from_redis(key_hash, self._platform.now())
        if cached is not None:
            self._memory.remember(key_hash, cached.record, cached.fetched_at)
            return cached.record
        try:
            # A known key waits no longer than a cache look-up may take.
            return await self.newest(key_hash, hurry=fallback is not None)
        except FetchFailed as error:
            log_event("key_lookup_failed", "error", reason=str(error))
            if fallback is not None:
                return fallback
            raise _unavailable() from error

    async def _from_redis(self, key_hash: str, now: float) -> Remembered | None:
        try:
            text = await self._store.get(redis_keys.key_record(key_hash))
            if text is None:
                return None
            data = json.loads(text)
            fetched_at = float(data["at"])
            if now - fetched_at >= RECORD_SECONDS:
                return None
            return Remembered(key_record.parse(data["record"]), fetched_at)
        except StoreUnavailable:
            return None
        except (ValueError, KeyError, TypeError) as error:
            log_event("key_record_malformed", "error", reason=str(error))
            return None

    async def _ask_supabase(self, key_hash: str, timeout: float) -> KeyRecord | None:
        now = self._platform.now()
        if not self._breaker.allows(now):
            raise FetchFailed("Supabase failed a moment ago")
        try:
            data = await self._call(key_hash, timeout)
        except FetchFailed as error:
            self._breaker.failed(self._platform.now())
            raise FetchFailed(f"Supabase: {error}") from error
        # It answered; a record that cannot be read is one tenant's trouble.
        self._breaker.succeeded()
        try:
            record = None if data is None else key_record.parse(data)
        except KeyRecordError as error:
            raise FetchFailed(f"Supabase: {error}") from error
        if record is not None:
            self._platform.wait_until(self._share(key_hash, data, self._platform.now()))
        return record

    async def _call(self, key_hash: str, timeout: float) -> dict[str, Any] | None:
        status, text = await self._platform.call(
            "POST",
            f"{self._settings.supabase_url}/rest/v1/rpc/resolve_api_key",
            json_headers(*self._settings.supabase_headers()),
            json.dumps({"key_hash": key_hash}),
            timeout=timeout,
        )
        if status != 200:
            raise FetchFailed(f"status {status}")
        try:
            data = json.loads(text)
        except ValueError as error:
            raise FetchFailed("not JSON") from error
        if data is not None and not isinstance(data, dict):
            raise FetchFailed("not an object")
        return data

    async def _share(self, key_hash: str, data: Any, fetched_at: float) -> None:
        text = json.dumps({"at": fetched_at, "record": data}, separators=(",", ":"))
        try:
            await self._store.put(
                redis_keys.key_record(key_hash), text, ttl_seconds=int(RECORD_SECONDS)
            )
        except StoreUnavailable as error:
            log_event("key_record_not_shared", "warning", reason=str(error))


def _unavailable() -> errors.KeyCheckUnavailable:
    return errors.KeyCheckUnavailable(
        "This API key cannot be checked right now. Please retry.", headers=[("retry-after", "2")]
    )


def check_usable(record: KeyRecord, now: float) -> None:
    """Raises the error for a revoked, expired or suspended key."""
    if record.status == "revoked":
        raise errors.KeyRevoked("This API key has been revoked.")
    if record.status == "expired" or (record.expires_at is not None and record.expires_at <= now):
        raise errors.KeyExpired("This API key has expired.")
    if record.status != "active":
        raise errors.ProjectSuspended("This project is suspended or archived.")


def _unknown(key: str) -> errors.AuthenticationError:
    shown = f"{key[:8]}…{key[-4:]}" if len(key) > 16 else "the given key"
    if not key.startswith(api_keys.PREFIX):
        shown += f" (WatchLLM keys start with {api_keys.PREFIX})"
    return errors.AuthenticationError(f"Incorrect API key provided: {shown}.")
