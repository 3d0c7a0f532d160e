"""Redis: over the host's own connection, or through Upstash's REST API by its client on our fetch.

``upstash_redis.asyncio.Redis`` brings the commands; its own transport is httpx, which has no TLS
in a Worker and costs 200 ms of cold start. Ours is below. A store belongs to one request (it
holds the request's platform); what outlives requests is the ``Breaker``, plain data.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gateway.core.breaker import Breaker
from gateway.core.http import FetchFailed
from gateway.core.platform import Platform
from gateway.redis.scripts import Script
from gateway.redis.upstash import UpstashError, UpstashRedis


class StoreUnavailable(Exception):
    """Redis did not answer in time, refused, or is not being asked for now.

    ``may_have_run``: the command was sent, only its answer did not come in time.
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

    def __init__(self, platform: Platform, timeout: float) -> None:
        self._platform = platform
        self._timeout = timeout

    async def execute(self, command: list[Any]) -> Any:
        """See ``_Commands``."""
        return await self._platform.redis(command, timeout=self._timeout)


class _FetchTransport:
    """What upstash-redis calls to send a command; counts nothing, retries nothing."""

    def __init__(self, platform: Platform, timeout: float) -> None:
        self._platform = platform
        self._timeout = timeout

    async def execute(
        self,
        url: str,
        headers: Mapping[str, str],
        command: Sequence[Any],
        from_pipeline: bool = False,  # noqa: FBT001, FBT002 (the client's own signature)
    ) -> Any:
        _, text = await self._platform.call(
            "POST", url, list(headers.items()), json.dumps(command), timeout=self._timeout
        )
        try:
            body = json.loads(text)
            if from_pipeline and isinstance(body, list):
                return [_result(item) for item in body]
            return _result(body)
        except (ValueError, KeyError, AttributeError) as error:
            raise FetchFailed(f"not an answer of Redis: {type(error).__name__}") from error

    async def close(self) -> None:
        """Nothing is kept open."""


def _result(body: Any) -> Any:
    if body.get("error"):
        raise UpstashError(body["error"])
    return body["result"]


_PROBES = 10
_SLACK_SECONDS = 1.0


class Store:
    """Redis as one request sees it. Every failure is ``StoreUnavailable``.

    ``probes``: when it fails, a background PING probes Redis, so that no user request pays the
    timeout to find out whether it is back; only those under way when it fails wait for it.
    """

    def __init__(
        self,
        platform: Platform,
        url: str,
        token: str,
        *,
        timeout: float,
        breaker: Breaker,
        probes: bool = False,
    ) -> None:
        self._platform = platform
        self._breaker = breaker
        self._probes = probes
        self._patience = breaker.cooldown + timeout + _SLACK_SECONDS
        self._redis: _Commands = (
            _Direct(platform, timeout)
            if platform.has_redis
            else UpstashRedis(url, token, _FetchTransport(platform, timeout))
        )

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
        if not self._breaker.allows(self._platform.monotonic()):
            raise StoreUnavailable("not asked: it failed a moment ago")
        try:
            result = await self._redis.execute(list(command))
        except UpstashError as error:
            # Redis answered: the connection is sound, the command was refused.
            self._breaker.succeeded()
            raise UpstashError(str(error)) from error
        except FetchFailed as error:
            # Nothing else moves the breaker, which is every tenant's: a command that cannot be
            # encoded is this request's fault.
            now = self._platform.monotonic()
            self._breaker.failed(now)
            if self._probes and not self._breaker.is_probed(now):
                self._breaker.probe_until(now + self._patience)
                self._platform.wait_until(self._probe())
            reason = str(error) or type(error).__name__
            raise StoreUnavailable(reason, may_have_run=error.timeout) from error
        self._breaker.succeeded()
        return result

    async def _probe(self) -> None:
        """PING until it answers. If the isolate ends, probing stops; the next request after the
        lease tries Redis."""
        breaker = self._breaker
        for _ in range(_PROBES):
            breaker.probe_until(self._platform.monotonic() + self._patience)
            await self._platform.sleep(breaker.cooldown)
            try:
                await self._redis.execute(["PING"])
            except UpstashError:
                pass  # it answered
            except FetchFailed:
                continue
            breaker.succeeded()
            return
