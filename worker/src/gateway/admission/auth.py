"""From an API key to its record: isolate memory, then Redis, then Supabase.

A record is used for at most ``RECORD_SECONDS`` after Supabase answered it, wherever it was kept
in between, so an edit is in force within a minute even when Redis could not be told. While
Supabase cannot be asked, a known record serves on for ``STALE_SECONDS``: a key that was good a
moment ago must not fail because our own database is away.
"""

import json
from dataclasses import dataclass, field
from typing import Any

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
UNKNOWN_SECONDS = 5.0
STALE_SECONDS = 3600.0
_MAX_REMEMBERED = 10_000


@dataclass(slots=True)
class _Remembered:
    record: KeyRecord | None
    fetched_at: float
    refreshing: bool = False


@dataclass(slots=True)
class KeyMemory:
    """Records this isolate knows, by key hash; plain data that outlives requests."""

    records: dict[str, _Remembered] = field(default_factory=dict)

    def remember(self, key_hash: str, record: KeyRecord | None, fetched_at: float) -> None:
        """Keep a record, or that the key is unknown; the oldest goes when there are too many."""
        self.records.pop(key_hash, None)
        if len(self.records) >= _MAX_REMEMBERED:
            del self.records[next(iter(self.records))]
        self.records[key_hash] = _Remembered(record, fetched_at)


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
        known = self._memory.records.get(key_hash)
        if known is not None:
            age = self._platform.now() - known.fetched_at
            if known.record is None and age < UNKNOWN_SECONDS:
                return None
            if known.record is not None and age < RECORD_SECONDS:
                if age > REFRESH_SECONDS and not known.refreshing:
                    known.refreshing = True
                    self._platform.wait_until(self._refresh(key_hash))
                return known.record
        return await self._look_up(key_hash, known)

    async def _refresh(self, key_hash: str) -> None:
        try:
            await self.newest(key_hash)
        except FetchFailed as error:
            log_event("key_refresh_failed", "warning", reason=str(error))

    async def _look_up(self, key_hash: str, known: _Remembered | None) -> KeyRecord | None:
        now = self._platform.now()
        stale = known.record if known and now - known.fetched_at < STALE_SECONDS else None
        cached = None if stale else await self._from_redis(key_hash, now)
        if cached is not None:
            self._memory.remember(key_hash, cached.record, cached.fetched_at)
            return cached.record
        try:
            # A known key waits no longer than a cache look-up may take.
            return await self.newest(key_hash, hurry=stale is not None)
        except FetchFailed as error:
            log_event("key_lookup_failed", "error", reason=str(error))
            if stale is not None:
                return stale
            raise errors.KeyCheckUnavailable(
                "This API key cannot be checked right now. Please retry.",
                headers=[("retry-after", "2")],
            ) from error

    async def _from_redis(self, key_hash: str, now: float) -> _Remembered | None:
        try:
            text = await self._store.get(redis_keys.key_record(key_hash))
            if text is None:
                return None
            data = json.loads(text)
            fetched_at = float(data["at"])
            if now - fetched_at >= RECORD_SECONDS:
                return None
            return _Remembered(key_record.parse(data["record"]), fetched_at)
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
