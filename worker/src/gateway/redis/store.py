"""Redis: over the host's own connection, or through Upstash's REST API by its client on our fetch.

``upstash_redis.asyncio.Redis`` brings the commands; its own transport is httpx, which has no TLS
in a Worker and costs 200 ms of cold start. Ours is below. A store belongs to one request (it
holds the request's platform); what outlives requests is the ``ProbedBreaker``, plain data.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any, Protocol

from gateway.core.http import FetchFailed
from gateway.core.platform import Platform
from gateway.core.probed_breaker import ProbedBreaker
from gateway.core.sealed import Opened, Sealed
from gateway.redis.scripts import Script
from gateway.redis.upstash import UpstashError, UpstashRedis

Limit = Callable[[], float]
"""Seconds that a command sent now may take."""


class StoreUnavailable(Exception):
    """Redis did not answer in time, refused, or is not being asked for now.

    ``may_have_run``: the command was sent, only its answer did not come in time, or could not be
    held.
    """

    def __init__(self, reason: str, *, may_have_run: bool = False) -> None:
        super().__init__(reason)
        self.may_have_run = may_have_run


class _Commands(Protocol):
    """Sends one command. Raises ``UpstashError`` for an error that Redis answered."""

    async def execute(self, command: list[Any]) -> Any:
        """Redis's reply."""


class _Direct:
    """The host's own connection to Redis."""

    def __init__(self, platform: Platform, limit: Limit) -> None:
        self._platform = platform
        self._limit = limit

    async def execute(self, command: list[Any]) -> Any:
        """See ``_Commands``."""
        return await self._platform.redis(command, timeout=self._limit())


class _FetchTransport:
    """What upstash-redis calls to send a command; counts nothing, retries nothing."""

    def __init__(self, platform: Platform, limit: Limit, sealed: Sealed | None) -> None:
        self._platform = platform
        self._limit = limit
        self._sealed = sealed

    async def execute(
        self,
        url: str,
        headers: Mapping[str, str],
        command: Sequence[Any],
        from_pipeline: bool = False,  # noqa: FBT001, FBT002 (the client's own signature)
    ) -> Any:
        opener, sealed, opened = self._platform.opener, self._sealed, None
        sent, timeout = (url, list(headers.items()), json.dumps(command)), self._limit()
        if opener is None or sealed is None:
            _, text = await self._platform.call("POST", *sent, timeout=timeout)
        else:
            _, text, opened = await opener.call_and_open(*sent, sealed, timeout=timeout)
        try:
            body = json.loads(text)
            if from_pipeline and isinstance(body, list):
                return [_result(item) for item in body]
            result = _result(body)
            if sealed is not None and opened is not None:
                _put(result, sealed.at, opened)
            return result
        except (ValueError, KeyError, AttributeError) as error:
            raise FetchFailed(f"not an answer of Redis: {type(error).__name__}") from error

    async def close(self) -> None:
        """Nothing is kept open."""


def _result(body: Any) -> Any:
    if body.get("error"):
        raise UpstashError(body["error"])
    return body["result"]


def _put(result: Any, at: Sequence[int], opened: str) -> None:
    for index in at[:-1]:
        result = result[index]
    head, _, _ = result[at[-1]].rpartition(":")
    result[at[-1]] = Opened(head, opened)


def _commands(
    platform: Platform, url: str, token: str, limit: Limit, sealed: Sealed | None = None
) -> _Commands:
    if platform.has_redis:
        return _Direct(platform, limit)
    return UpstashRedis(url, token, _FetchTransport(platform, limit, sealed))


_PROBE_PAUSES = (0.0, 0.05, 0.1, 0.1, 0.2, 0.3, *[0.5] * 30)
"""Seconds before each probe. On Cloudflare they end with the request that began them, some 30 s
after its response; the next request begins others."""
_SLACK_SECONDS = 1.0


class Store:
    """Redis as one request sees it. Every failure is ``StoreUnavailable``.

    ``timeout``: the longest that a command may take. ``probes``: when one fails, a PING in the
    background probes Redis, so that no request waits to find out whether it is back.
    """

    def __init__(
        self,
        platform: Platform,
        url: str,
        token: str,
        *,
        timeout: float,
        breaker: ProbedBreaker,
        probes: bool = False,
    ) -> None:
        self._platform = platform
        self._breaker = breaker
        self._timeout = timeout
        self._probes = probes
        self._commands = partial(_commands, platform, url, token)
        self._redis = self._commands(self._limit)

    def opening(self, sealed: Sealed) -> "Store":
        """For commands whose reply may hold ``sealed``: where the host has an ``opener`` and it
        opens, an ``Opened`` takes its place."""
        if self._platform.opener is None:
            return self
        other = copy(self)
        other._redis = self._commands(self._limit, sealed)
        return other

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """EVALSHA; EVAL once when Redis does not know the script."""
        try:
            return await self.command("EVALSHA", script.sha1, len(keys), *keys, *args)
        except UpstashError as error:
            if "NOSCRIPT" not in str(error):
                raise StoreUnavailable(str(error)) from error
        try:
            return await self.command("EVAL", script.source, len(keys), *keys, *args)
        except UpstashError as error:
            raise StoreUnavailable(str(error)) from error

    async def get(self, key: str) -> str | None:
        """The string at ``key``."""
        try:
            value = await self.command("GET", key)
        except UpstashError as error:
            raise StoreUnavailable(str(error)) from error
        return value if isinstance(value, str) else None

    async def put(self, key: str, value: str, *, ttl_seconds: int) -> None:
        """Set ``key`` for ``ttl_seconds``."""
        try:
            await self.command("SET", key, value, "EX", ttl_seconds)
        except UpstashError as error:
            raise StoreUnavailable(str(error)) from error

    async def command(self, *command: Any) -> Any:
        """One command, one round trip. Raises ``UpstashError`` for Redis's own refusals."""
        platform, breaker = self._platform, self._breaker
        began = platform.monotonic()
        if breaker.is_open:
            self._probe_if_nobody_does(began)
            raise StoreUnavailable("not asked: it failed a moment ago")
        try:
            result = await self._redis.execute(list(command))
        except UpstashError as error:
            # Redis answered: the connection is sound, the command was refused.
            self._answered(began)
            raise UpstashError(str(error)) from error
        except FetchFailed as error:
            # Nothing else moves the breaker, which all tenants share: a command that cannot be
            # encoded, or a reply that is too large to hold, is this request's fault.
            if not error.ours:
                now = platform.monotonic()
                breaker.failed(now)
                self._probe_if_nobody_does(now)
            reason = str(error) or type(error).__name__
            may_have_run = error.timeout or error.answered
            raise StoreUnavailable(reason, may_have_run=may_have_run) from error
        self._answered(began)
        return result

    def _limit(self) -> float:
        return self._breaker.limit(self._timeout, self._platform.monotonic())

    def _answered(self, began: float) -> None:
        now = self._platform.monotonic()
        self._breaker.succeeded(now, now - began)

    def _probe_if_nobody_does(self, now: float) -> None:
        if self._probes and not self._breaker.is_probed(now):
            self._breaker.probed_until = now + self._timeout + _SLACK_SECONDS
            self._platform.wait_until(self._probe())

    async def _probe(self) -> None:
        """PING until it answers. If the isolate ends, probing stops, and the next request after
        ``probed_until`` begins again."""
        platform, breaker = self._platform, self._breaker
        # Requests are hurried while Redis is in doubt; whether it is slower now, this finds out.
        patient = self._commands(lambda: self._timeout)
        for pause in _PROBE_PAUSES:
            breaker.probed_until = platform.monotonic() + pause + self._timeout + _SLACK_SECONDS
            if pause:
                await platform.sleep(pause)
            began = platform.monotonic()
            try:
                await patient.execute(["PING"])
            except UpstashError:
                pass  # it answered
            except FetchFailed:
                breaker.probe_failed(platform.monotonic())
                continue
            now = platform.monotonic()
            if breaker.probe_answered(now, now - began):
                return
