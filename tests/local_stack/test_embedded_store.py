"""The embedded store's file: what survives a restart, a killed process and a damaged file."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from upstash_redis import Redis

from local_stack import ports
from local_stack.redis_rest.embedded import EmbeddedStore
from local_stack.redis_rest.snapshot import Snapshot
from tests.worker.edge import until

TOKEN = "token"
TOOLS = Path(__file__).resolve().parents[2] / "tools"


async def opened(path: Path) -> EmbeddedStore:
    store = EmbeddedStore(path)
    await store.open()
    return store


async def test_every_kind_of_value_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "redis.sqlite3"
    store = await opened(path)
    await store.execute([b"SET", b"string", bytes(range(256))])
    await store.execute([b"SET", b"expiring", b"v", b"EX", b"100"])
    await store.execute([b"HSET", b"hash", b"a", b"1"])
    await store.execute([b"ZADD", b"sorted", b"1.5", b"m"])
    await store.execute([b"RPUSH", b"list", b"1", b"2"])
    await store.execute([b"SADD", b"set", b"m"])
    await store.execute([b"EVAL", b"redis.call('SET', KEYS[1], 'x')", b"1", b"by-script"])
    await store.close()

    again = await opened(path)
    assert await again.execute([b"GET", b"string"]) == bytes(range(256))
    ttl = await again.execute([b"TTL", b"expiring"])
    assert isinstance(ttl, int)
    assert 0 < ttl <= 100
    assert await again.execute([b"HGETALL", b"hash"]) == [b"a", b"1"]
    assert await again.execute([b"ZRANGE", b"sorted", b"0", b"-1", b"WITHSCORES"]) == [b"m", b"1.5"]
    assert await again.execute([b"LRANGE", b"list", b"0", b"-1"]) == [b"1", b"2"]
    assert await again.execute([b"SMEMBERS", b"set"]) == [b"m"]
    assert await again.execute([b"GET", b"by-script"]) == b"x"
    await again.close()


async def test_deleted_and_expired_keys_stay_gone(tmp_path: Path) -> None:
    path = tmp_path / "redis.sqlite3"
    store = await opened(path)
    for key in (b"deleted", b"expired", b"kept"):
        await store.execute([b"SET", key, b"v"])
    await store.close()
    store = await opened(path)
    await store.execute([b"DEL", b"deleted"])
    await store.execute([b"PEXPIRE", b"expired", b"1"])
    await store.close()
    await asyncio.sleep(0.01)
    store = await opened(path)
    assert await store.execute([b"KEYS", b"*"]) == [b"kept"]
    await store.execute([b"FLUSHALL"])
    await store.close()
    store = await opened(path)
    assert await store.execute([b"DBSIZE"]) == 0
    await store.close()


async def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "redis.sqlite3"
    path.write_bytes(b"no database" * 1000)
    store = await opened(path)
    assert await store.execute([b"DBSIZE"]) == 0
    await store.close()
    assert path.with_suffix(".damaged").read_bytes().startswith(b"no database")


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "redis.sqlite3"
    first = Snapshot(path)
    with pytest.raises(RuntimeError, match="in use by another process"):
        Snapshot(path)
    first.close()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "redis.sqlite3"
    Snapshot(path).close()
    assert path.stat().st_mode & 0o077 == 0


def start(path: Path) -> "tuple[subprocess.Popen[bytes], str]":
    port = ports.unused()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "local_stack.redis_rest"),
            *("--port", str(port), "--data-file", str(path)),
        ],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(TOOLS),
            "UPSTASH_REDIS_REST_TOKEN": TOKEN,
        },
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            httpx.get(url, timeout=30)
        except httpx.TransportError:
            return False
        return True

    until(answers, "the server")
    return process, url


def test_a_killed_server_loses_no_more_than_its_last_second(tmp_path: Path) -> None:
    path = tmp_path / "redis.sqlite3"
    process, url = start(path)
    with Redis(url=url, token=TOKEN) as client:
        client.set("k", "the survivor")
    log = tmp_path / "redis.sqlite3-wal"
    until(lambda: b"the survivor" in log.read_bytes(), "the periodic save")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)

    process, url = start(path)
    with Redis(url=url, token=TOKEN) as client:
        assert client.get("k") == "the survivor"
    process.terminate()
    assert process.wait(60) == 0
