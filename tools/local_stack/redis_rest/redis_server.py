"""The store behind `REDIS_URL`: a real Redis, spoken to over one connection per request."""

from collections.abc import Sequence
from typing import Any, cast

import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from local_stack.redis_rest.store import (
    Command,
    CommandError,
    Outcome,
    Reply,
    StoreUnavailableError,
)

_TIMEOUT_SECONDS = 5.0
_MAX_CONNECTIONS = 64


class RedisServerStore:
    """Commands and replies pass byte-exact: redis-py frames them, nothing converts them."""

    def __init__(self, url: str) -> None:
        self._pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            protocol=2,  # REST replies have the shapes of RESP2: no maps, no doubles
            max_connections=_MAX_CONNECTIONS,
            timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
        )

    async def execute(self, command: Command) -> Reply:
        """See `Store.execute`."""
        (reply,) = await self.pipeline((command,))
        if isinstance(reply, CommandError):
            raise reply
        return reply

    async def pipeline(self, commands: Sequence[Command]) -> list[Outcome]:
        """See `Store.pipeline`; sends all commands in one write."""
        try:
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            raise StoreUnavailableError(str(error)) from error
        try:
            await connection.send_packed_command(connection.pack_commands(commands))
            return [await _read_reply(connection) for _ in commands]
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            raise StoreUnavailableError(str(error)) from error
        except BaseException:
            # A cancelled request leaves replies unread: the connection is no longer usable.
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)

    async def transaction(self, commands: Sequence[Command]) -> list[Outcome]:
        """See `Store.transaction`."""
        replies = await self.pipeline(([b"MULTI"], *commands, [b"EXEC"]))
        executed = replies[-1]
        if isinstance(executed, CommandError):
            raise executed
        return cast("list[Outcome]", executed)

    async def close(self) -> None:
        """See `Store.close`."""
        await self._pool.aclose()


async def _read_reply(connection: Any) -> Outcome:
    try:
        reply = await connection.read_response(disable_decoding=True)
    except ResponseError as error:
        return as_command_error(error)
    return plain_reply(reply)


def plain_reply(reply: Any) -> Reply:
    """Give the errors inside an EXEC's reply our type; everything else is left as it is."""
    if isinstance(reply, list) and any(isinstance(item, (list, Exception)) for item in reply):
        return [
            as_command_error(item) if isinstance(item, ResponseError) else plain_reply(item)
            for item in reply
        ]
    return cast("Reply", reply)


def as_command_error(error: ResponseError) -> CommandError:
    """Redis' own text again: redis-py moves the leading code word into `status_code`."""
    code = getattr(error, "status_code", None)
    return CommandError(f"{code} {error}" if code else str(error))
