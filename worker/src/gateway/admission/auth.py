"""From an API key to its record: isolate memory, then Redis, then Supabase. An outdated record in
memory is renewed from Supabase directly.

A record is used for at most ``RECORD_SECONDS`` after Supabase answered it, wherever it was kept in
between, so an edit is in force within a minute even when Redis could not be told. While Supabase
cannot be asked, a known record serves on for ``STALE_SECONDS``: a key that was good a moment ago
must not fail because our own database is away. A key that was revoked does not: the dashboard notes
it in Redis, and the edge reads the note in that case (docs/adr/0205). Values in Redis are signed;
an unsigned one counts as absent.
"""

import json
from typing import Any

from gateway.admission.key_memory import KeyMemory, Remembered
from gateway.core import errors
from gateway.core.breaker import Breaker
from gateway.core.http import FetchFailed, Request
from gateway.core.log import log_event
from gateway.core.platform import Platform, json_headers
from gateway.core.settings import Settings
from gateway.redis.store import Store, StoreUnavailable
from shared import api_keys, key_record, redis_keys, signed_value
from shared.key_record import KeyRecord, KeyRecordError

RECORD_SECONDS = 60.0
REFRESH_SECONDS = 40.0
STALE_SECONDS = 3600.0
_LOOK_AGAIN_SECONDS = (0.005, 0.01, 0.02, 0.04)
"""Pauses of a request whose key another request is looking up; the last one repeats."""
REFUSAL_SECONDS = 5.0
"""How often Redis is asked whether a key was revoked, while Supabase cannot be."""


def presented_key(request: Request) -> str:
    """The key of ``Authorization: Bearer``, or of Anthropic's ``x-api-key`` or Azure's ``api-key``.

    Raises ``AuthenticationError``.
    """
    header = request.header("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() == "bearer" and key.strip():
            return key.strip()
    key = (request.header("x-api-key") or request.header("api-key") or "").strip()
    if key:
        return key
    raise errors.AuthenticationError(
        "You didn't provide an API key. Send your WatchLLM key as "
        "'Authorization: Bearer lgw_…' (or in 'x-api-key' or 'api-key')."
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
        hashes = [api_keys.key_hash(key, pepper) for pepper in self._settings.api_key_peppers]
        # While a pepper is replaced: first the hash under which this isolate knows the key.
        if len(hashes) > 1:
            hashes.sort(key=lambda key_hash: key_hash not in self._memory.records)
        for key_hash in hashes:
            record = await self._record(key_hash)
            if record is not None:
                check_usable(record, self._platform.now())
                return key_hash, record
        raise _unknown(key)

    async def newest(self, key_hash: str, *, hurry: bool = True) -> KeyRecord | None:
        """The record straight from Supabase, after Redis said that ours is outdated.

        ``None`` when the key is gone. Raises ``FetchFailed`` when Supabase cannot be asked.
        """
        record = await self._ask_supabase(key_hash, hurry=hurry)
        self._memory.remember(key_hash, record, self._platform.monotonic())
        return record

    async def check_refused(self, key_hash: str) -> None:
        """Raises the error for a key that the dashboard told Redis not to serve any more.

        Call this when the record cannot be renewed. Without Redis nothing is known, and nothing is
        raised.
        """
        refusal = await self._refusal(key_hash)
        if refusal is not None:
            raise _refusal_error(refusal)

    async def _record(self, key_hash: str) -> KeyRecord | None:
        now = self._platform.monotonic()
        known = self._memory.records.get(key_hash)
        age = now - known.fetched_at if known else STALE_SECONDS
        if known is not None and age < RECORD_SECONDS:
            if age > REFRESH_SECONDS and not known.refreshing:
                known.refreshing = True
                self._platform.wait_until(self._refresh(key_hash))
            return known.record
        if self._memory.is_unknown(key_hash, now):
            return None
        fallback = known if age < STALE_SECONDS else None
        return await self._look_up_once(key_hash, fallback)

    async def _refresh(self, key_hash: str) -> None:
        try:
            await self.newest(key_hash)
        except FetchFailed as error:
            log_event("key_refresh_failed", "warning", reason=str(error))

    async def _look_up_once(self, key_hash: str, fallback: Remembered | None) -> KeyRecord | None:
        """Look the key up, or wait for the request of this isolate that is doing so.

        ``fallback``: an outdated record that may still serve. Waiting is done by looking at plain
        data again: a Worker's request must not await another's promise.
        """
        memory, settings = self._memory, self._settings
        began = now = self._platform.monotonic()
        longest = settings.store_timeout + settings.key_lookup_timeout
        pauses = iter(_LOOK_AGAIN_SECONDS)
        while not memory.begin_look_up(key_hash, now, longest):
            if fallback is not None:
                return _served(fallback)
            if now - began >= longest:
                raise _unavailable()
            await self._platform.sleep(next(pauses, _LOOK_AGAIN_SECONDS[-1]))
            now = self._platform.monotonic()
            known = memory.records.get(key_hash)
            if known is not None and known.fetched_at > now - RECORD_SECONDS:
                return known.record
            if memory.is_unknown(key_hash, now):
                return None
        try:
            return await self._look_up(key_hash, fallback)
        finally:
            memory.end_look_up(key_hash)

    async def _look_up(self, key_hash: str, fallback: Remembered | None) -> KeyRecord | None:
        cached = None if fallback else await self._from_redis(key_hash)
        if cached is not None:
            self._memory.remember(key_hash, cached.record, cached.fetched_at)
            return cached.record
        try:
            # If an old record exists, wait only the Redis timeout.
            return await self.newest(key_hash, hurry=fallback is not None)
        except FetchFailed as error:
            log_event("key_lookup_failed", "error", reason=str(error))
            if fallback is not None:
                await self._ask_for_refusal(key_hash, fallback)
                return _served(fallback)
            raise _unavailable() from error

    async def _from_redis(self, key_hash: str) -> Remembered | None:
        try:
            text = await self._signed(redis_keys.key_record(key_hash))
            if text is None:
                return None
            data = json.loads(text)
            age = self._platform.now() - float(data["at"])
            # Another machine's clock may be a little ahead of ours.
            if not -REFUSAL_SECONDS < age < RECORD_SECONDS:
                return None
            fetched_at = self._platform.monotonic() - max(age, 0.0)
            return Remembered(key_record.parse(data["record"]), fetched_at)
        except StoreUnavailable:
            return None
        except (ValueError, KeyError, TypeError) as error:
            log_event("key_record_malformed", "error", reason=str(error))
            return None

    async def _ask_for_refusal(self, key_hash: str, known: Remembered) -> None:
        now = self._platform.monotonic()
        if now - known.refusal_asked_at >= REFUSAL_SECONDS:
            known.refusal_asked_at = now
            known.refusal = await self._refusal(key_hash)

    async def _refusal(self, key_hash: str) -> str | None:
        """The status that the dashboard gave the key, if it is not to be used any more."""
        try:
            return await self._signed(redis_keys.key_refused(key_hash))
        except StoreUnavailable:
            return None

    async def _signed(self, redis_key: str) -> str | None:
        """Raises ``StoreUnavailable``."""
        value = await self._store.get(redis_key)
        if value is None:
            return None
        peppers = self._settings.api_key_peppers
        texts = (signed_value.read(pepper, redis_key, value) for pepper in peppers)
        return next((text for text in texts if text is not None), None)

    async def _ask_supabase(self, key_hash: str, *, hurry: bool) -> KeyRecord | None:
        settings = self._settings
        timeout = settings.store_timeout if hurry else settings.key_lookup_timeout
        if not self._breaker.try_acquire(self._platform.monotonic()):
            raise FetchFailed("Supabase failed a moment ago")
        try:
            data = await self._call(key_hash, timeout)
        except FetchFailed as error:
            # Who is in a hurry gives up before a slow look-up has failed.
            if not (hurry and error.timeout):
                self._breaker.failed(self._platform.monotonic())
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
        name = redis_keys.key_record(key_hash)
        value = signed_value.sign(self._settings.api_key_peppers[0], name, text)
        try:
            await self._store.put(name, value, ttl_seconds=int(RECORD_SECONDS))
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


def _served(known: Remembered) -> KeyRecord:
    """An outdated record, unless its key was revoked since."""
    if known.refusal is not None:
        raise _refusal_error(known.refusal)
    return known.record


def _refusal_error(status: str) -> errors.GatewayError:
    if status == "revoked":
        return errors.KeyRevoked("This API key has been revoked.")
    return errors.ProjectSuspended("This project is suspended or archived.")


def _unknown(key: str) -> errors.AuthenticationError:
    shown = f"{key[:8]}…{key[-4:]}" if len(key) > 16 else "the given key"
    if not key.startswith(api_keys.PREFIX):
        shown += f" (WatchLLM keys start with {api_keys.PREFIX})"
    return errors.AuthenticationError(f"Incorrect API key provided: {shown}.")
