"""The store that needs nothing installed: fakeredis in this process, kept on disk by `Snapshot`."""

import asyncio
import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import fakeredis
from fakeredis._core import Database
from redis.exceptions import ResponseError

from local_stack.redis_rest.redis_server import as_command_error, plain_reply
from local_stack.redis_rest.snapshot import Entry, Snapshot
from local_stack.redis_rest.store import Command, CommandError, Outcome, Reply

_REDIS_VERSION = (7,)
_SAVE_EVERY_SECONDS = 1.0
_log = logging.getLogger(__name__)


class _WatchedDatabase(Database):
    """Tells which keys were written, so that a save costs what changed and not what is stored."""

    def __init__(self, lock: threading.Lock, on_write: Callable[[bytes], None]) -> None:
        super().__init__(lock)
        self._on_write = on_write

    def notify_watch(self, key: bytes) -> None:
        self._on_write(key)
        super().notify_watch(key)


class EmbeddedStore:
    """One fakeredis server with one connection: commands run one after another, as in Redis.

    With a `path` the data survives a restart, and all but the last second of it a `kill -9`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._written: set[bytes] = set()
        server = fakeredis.FakeServer(version=_REDIS_VERSION)
        server.dbs = defaultdict(lambda: _WatchedDatabase(server.lock, self._written.add))
        self._client = fakeredis.FakeRedis(server=server, protocol=2)
        # Straight to the connection: the client's retries, pool and conversions cost 40 µs.
        self._connection: Any = self._client.connection_pool.get_connection()
        self._snapshot = Snapshot(path) if path else None
        self._saver: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Load what an earlier process saved and start saving."""
        if self._snapshot is None:
            return
        for entry in self._snapshot.load():
            with contextlib.suppress(CommandError):
                self._run([b"RESTORE", entry.key, b"%d" % entry.ttl_ms, entry.dump, b"REPLACE"])
        self._written.clear()
        self._saver = asyncio.create_task(self._save_forever())

    async def execute(self, command: Command) -> Reply:
        """See `Store.execute`."""
        return self._run(command)

    async def pipeline(self, commands: Sequence[Command]) -> list[Outcome]:
        """See `Store.pipeline`."""
        replies: list[Outcome] = []
        for command in commands:
            try:
                replies.append(self._run(command))
            except CommandError as error:
                replies.append(error)
        return replies

    async def transaction(self, commands: Sequence[Command]) -> list[Outcome]:
        """See `Store.transaction`."""
        replies = await self.pipeline(([b"MULTI"], *commands, [b"EXEC"]))
        executed = replies[-1]
        if isinstance(executed, CommandError):
            raise executed
        return cast("list[Outcome]", executed)

    async def close(self) -> None:
        """See `Store.close`."""
        if self._saver is not None:
            self._saver.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._saver
        if self._snapshot is not None:
            self._snapshot.save(self._take_written())
            self._snapshot.close()
        self._client.connection_pool.release(self._connection)
        self._client.close()

    def _run(self, command: Command) -> Reply:
        self._connection.send_command(*command)
        try:
            return plain_reply(self._connection.read_response(disable_decoding=True))
        except ResponseError as error:
            raise as_command_error(error) from None

    async def _save_forever(self) -> None:
        assert self._snapshot is not None  # noqa: S101 - open() starts this only with a snapshot
        while True:
            await asyncio.sleep(_SAVE_EVERY_SECONDS)
            self._run([b"DBSIZE"])  # makes fakeredis drop what has expired
            if self._written:
                entries = self._take_written()
                # The dumps are of one moment, taken on the loop; only the disk is waited off it.
                await asyncio.shield(asyncio.to_thread(self._snapshot.save, entries))

    def _take_written(self) -> list[Entry]:
        written = list(self._written)
        self._written.clear()
        entries = []
        for key in written:
            # The time to live first: a key that expires in between has no dump then, while a dump
            # without a time to live would be kept for ever.
            ttl_ms = cast("int", self._run([b"PTTL", key]))
            dump = cast("bytes | None", self._run([b"DUMP", key]))
            for_ever = ttl_ms == -1
            entries.append(Entry(key, dump or b"", ttl_ms=0 if for_ever else max(ttl_ms, 1)))
        return entries
