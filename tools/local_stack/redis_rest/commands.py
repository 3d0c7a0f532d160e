"""Which commands Upstash's REST API does not serve.

From the compatibility table of the REST documentation: no blocking commands, no WATCH, UNWATCH or
DISCARD, of the connection commands only PING and ECHO, no cluster and no second database.
MONITOR and SUBSCRIBE exist there as server-sent events; this server does not offer those streams
and refuses them by name instead of hanging.
"""

from local_stack.redis_rest.store import Command, CommandError

MAX_REQUEST_BYTES = 10 * 1024 * 1024
"""Upstash's max request size on its free and pay-as-you-go plans."""

_REFUSED = frozenset(
    (
        # blocking
        *("BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP"),
        *("WAIT", "WAITAOF"),
        # a REST request has no connection for these to act on
        *("AUTH", "HELLO", "CLIENT", "QUIT", "RESET", "SELECT", "SWAPDB", "MOVE"),
        *("MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"),
        *("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"),
        *("MONITOR", "SYNC", "PSYNC"),
        # the operator's, not the tenant's
        *("CLUSTER", "ASKING", "READONLY", "READWRITE", "REPLICAOF", "SLAVEOF", "FAILOVER"),
        *("SHUTDOWN", "CONFIG", "DEBUG", "MODULE", "SAVE", "BGSAVE", "BGREWRITEAOF", "LASTSAVE"),
        *("LATENCY", "SLOWLOG", "MEMORY", "ROLE"),
    )
)
_REFUSED_BYTES = frozenset(name.encode() for name in _REFUSED)
_STREAM_READS = (b"XREAD", b"XREADGROUP")


def check_allowed(command: Command) -> None:
    """Raise `CommandError` in Upstash's words when the REST API does not serve this command."""
    name = command[0].upper()
    if name in _REFUSED_BYTES:
        raise unavailable(command[0])
    if name in _STREAM_READS and any(argument.upper() == b"BLOCK" for argument in command[1:]):
        raise CommandError(f"ERR Blocking {name.decode()} is not supported over REST")


def unavailable(name: bytes) -> CommandError:
    """Upstash's answer for a command that it does not have or does not serve over REST."""
    shown = name.decode("utf-8", "replace").upper()
    return CommandError(
        f"ERR Command is not available: '{shown}'. "
        "See https://upstash.com/docs/redis/overall/rediscompatibility for details"
    )
