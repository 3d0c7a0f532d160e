"""The Upstash-compatible server, through the real upstash-redis clients and through raw HTTP."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from upstash_redis import Redis
from upstash_redis.asyncio import Redis as AsyncRedis
from upstash_redis.errors import UpstashError

from tests.doubles.redis_process import redis_process, redis_server_missing
from tests.doubles.upstash import UpstashDouble
from tests.loopback import NO_CERTIFICATES

BASE64 = {"Upstash-Encoding": "base64"}
ADD_AND_READ = """
local n = redis.call('INCRBY', KEYS[1], ARGV[1])
local fields = redis.call('HMGET', KEYS[2], 'a', 'missing')
return {n, fields, redis.status_reply('FINE'), false}
"""


@pytest.fixture(scope="module", params=["embedded", "redis-server"])
def server(request: pytest.FixtureRequest) -> Iterator[UpstashDouble]:
    if request.param == "embedded":
        with UpstashDouble() as double:
            yield double
        return
    reason = redis_server_missing()
    if reason:
        pytest.skip(reason)
    with redis_process() as url, UpstashDouble(redis_url=url) as double:
        yield double


@pytest.fixture
def upstash(server: UpstashDouble) -> Iterator[UpstashDouble]:
    yield server
    server.heal()
    post(server, ["FLUSHALL"])
    server.forget()


@pytest.fixture
def client(upstash: UpstashDouble) -> Iterator[Redis]:
    with Redis(url=upstash.url, token=upstash.token, rest_retries=0) as redis:
        yield redis


def post(upstash: UpstashDouble, body: Any, path: str = "/", **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {upstash.token}", **headers}
    url = upstash.url + path
    return httpx.post(url, content=content, headers=sent, timeout=60, verify=NO_CERTIFICATES)


# --- the real clients ----------------------------------------------------------------------------


def test_strings_and_expiry(client: Redis) -> None:
    assert client.set("k", "grüße \U0001f600", ex=60) is True
    assert client.get("k") == "grüße \U0001f600"
    assert 0 < client.ttl("k") <= 60
    assert client.set("k", "other", nx=True) is False
    assert client.mget("k", "absent") == ["grüße \U0001f600", None]
    assert client.delete("k", "absent") == 1


def test_a_value_that_reads_like_a_status_survives(client: Redis) -> None:
    client.set("k", "OK")
    assert client.get("k") == "OK"
    assert client.ping() == "PONG"


def test_hashes_sets_and_sorted_sets(client: Redis) -> None:
    assert client.hset("h", values={"a": "1", "b": "2"}) == 2
    assert client.hgetall("h") == {"a": "1", "b": "2"}
    assert client.zadd("z", {"x": 1, "y": 2.5}) == 2
    assert client.zrange("z", 0, -1, withscores=True) == [("x", 1.0), ("y", 2.5)]
    assert client.sadd("s", "m") == 1
    assert client.smembers("s") == ["m"]


def test_scripts(client: Redis) -> None:
    client.hset("h", "a", "1")
    sha = client.script_load(ADD_AND_READ)
    assert client.evalsha(sha, keys=["n", "h"], args=["5"]) == [5, ["1", None], "FINE", None]
    assert client.eval(ADD_AND_READ, keys=["n", "h"], args=["2"])[0] == 7
    with pytest.raises(UpstashError, match=r"^NOSCRIPT No matching script"):
        client.evalsha("0" * 40, keys=[], args=[])


def test_a_script_s_own_error_is_an_error(client: Redis) -> None:
    with pytest.raises(UpstashError, match="LIMIT reached"):
        client.eval("return redis.error_reply('LIMIT reached')", keys=[], args=[])


def test_pipeline_is_one_round_trip(upstash: UpstashDouble, client: Redis) -> None:
    upstash.forget()
    pipeline = client.pipeline()
    pipeline.set("a", "1").incr("a").get("a")
    assert pipeline.exec() == [True, 2, "2"]
    assert len(upstash.requests) == 1
    assert upstash.commands() == [["SET", "a", "1"], ["INCR", "a"], ["GET", "a"]]


def test_transaction(client: Redis) -> None:
    multi = client.multi()
    multi.set("a", "1").incr("a")
    assert multi.exec() == [True, 2]


async def test_asyncio_client(upstash: UpstashDouble) -> None:
    async with AsyncRedis(url=upstash.url, token=upstash.token, rest_retries=0) as redis:
        sha = await redis.script_load(ADD_AND_READ)
        assert await redis.evalsha(sha, keys=["n", "h"], args=["3"]) == [
            3,
            [None, None],
            "FINE",
            None,
        ]
        pipeline = redis.pipeline()
        pipeline.set("a", "x").get("a")
        assert await pipeline.exec() == [True, "x"]


# --- the protocol --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "reply"),
    [
        (["SET", "k", 1.10], {"result": "OK"}),
        (["SET", "k", "v", "EX", 100], {"result": "OK"}),
        (["INCR", "absent"], {"result": 1}),
        (["GET", "absent"], {"result": None}),
        (["KEYS", "*"], {"result": []}),
    ],
)
def test_replies_in_plain_json(upstash: UpstashDouble, value: list[Any], reply: Any) -> None:
    response = post(upstash, value)
    assert (response.status_code, response.json()) == (200, reply)
    assert response.headers["content-type"].startswith("application/json")
    assert response.headers["upstash-sync-token"]


def test_numbers_reach_redis_as_written(upstash: UpstashDouble) -> None:
    post(upstash, b'["MSET", "float", 1.10, "big", 123456789012345678901234567890]')
    values = post(upstash, ["MGET", "float", "big"]).json()["result"]
    assert values == ["1.10", "123456789012345678901234567890"]


def test_base64_and_bytes_that_are_no_text(upstash: UpstashDouble) -> None:
    raw = bytes(range(256))
    headers = {"Authorization": f"Bearer {upstash.token}"}
    assert httpx.post(
        f"{upstash.url}/set/bin", content=raw, headers=headers, timeout=60
    ).json() == {"result": "OK"}
    encoded = post(upstash, ["GET", "bin"], **BASE64).json()["result"]
    assert base64.b64decode(encoded) == raw
    assert "\N{REPLACEMENT CHARACTER}" in post(upstash, ["GET", "bin"]).json()["result"]
    assert post(upstash, ["SET", "k", "v"], **BASE64).json() == {"result": "OK"}
    assert post(upstash, ["PING"], **BASE64).json() == {"result": "UE9ORw=="}


def test_path_style(upstash: UpstashDouble) -> None:
    headers = {"Authorization": f"Bearer {upstash.token}"}
    assert httpx.get(
        f"{upstash.url}/set/a%2Fb/c%20d/EX/100", headers=headers, timeout=60
    ).json() == {"result": "OK"}
    assert httpx.get(f"{upstash.url}/get/a%2Fb?_token={upstash.token}", timeout=60).json() == {
        "result": "c d"
    }
    stored = httpx.post(
        f"{upstash.url}/set/k?EX=100", content=b'{"a": 1}', headers=headers, timeout=60
    )
    assert stored.json() == {"result": "OK"}
    assert 0 < post(upstash, ["TTL", "k"]).json()["result"] <= 100
    assert httpx.head(f"{upstash.url}/get/k", headers=headers).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic upstash-test-token", "Bearer"])
def test_unauthorized(upstash: UpstashDouble, header: str) -> None:
    response = httpx.post(
        upstash.url, content=b'["PING"]', headers={"Authorization": header}, timeout=60
    )
    assert response.status_code == 401
    assert response.json() == {"error": "WRONGPASS invalid or missing auth token"}


def test_method_not_allowed(upstash: UpstashDouble) -> None:
    headers = {"Authorization": f"Bearer {upstash.token}"}
    assert httpx.delete(upstash.url, headers=headers, timeout=60).status_code == 405


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("/", b"", "ERR failed to parse command"),
        ("/", b"[]", "ERR empty command"),
        ("/", b'{"a": 1}', "ERR failed to parse command"),
        ("/", b'["GET", null]', "ERR failed to parse command"),
        ("/", b'["GET", ["k"]]', "ERR failed to parse command"),
        ("/", b'["SET", "k", NaN]', "ERR failed to parse command"),
        ("/", b'["GET", "\xff"]', "ERR failed to parse command"),
        ("/", b'["GET", "\\ud800"]', "ERR failed to parse command"),
        ("/pipeline", b'["GET", "k"]', "ERR failed to parse pipeline request"),
        ("/pipeline", b"[]", "ERR empty pipeline request"),
        ("/pipeline", b"[[]]", "ERR empty pipeline command"),
        ("/multi-exec", b"{}", "ERR failed to parse transaction request"),
        ("/multi-exec", b"[]", "ERR empty transaction request"),
    ],
)
def test_malformed_requests(upstash: UpstashDouble, path: str, body: bytes, error: str) -> None:
    response = post(upstash, body, path)
    assert (response.status_code, response.json()) == (400, {"error": error})


def test_redis_errors_keep_their_words(upstash: UpstashDouble) -> None:
    post(upstash, ["SET", "k", "text"])
    arity = post(upstash, ["GET"])
    assert (arity.status_code, arity.json()) == (
        400,
        {"error": "ERR wrong number of arguments for 'get' command"},
    )
    kind = post(upstash, ["HGET", "k", "f"])
    assert kind.status_code == 400
    assert kind.json()["error"].startswith("WRONGTYPE Operation against a key")


@pytest.mark.parametrize("command", ["SUBSCRIBE", "monitor", "BLPOP", "CLIENT", "WATCH", "NOSUCH"])
def test_commands_that_rest_does_not_serve(upstash: UpstashDouble, command: str) -> None:
    response = post(upstash, [command, "k", "0"])
    assert response.status_code == 400
    assert response.json()["error"].startswith(f"ERR Command is not available: '{command.upper()}'")


def test_blocking_stream_reads_are_refused(upstash: UpstashDouble) -> None:
    response = post(upstash, ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"])
    assert response.status_code == 400


def test_a_failing_command_is_an_item_of_the_pipeline(upstash: UpstashDouble) -> None:
    rows = [["SET", "k", "x"], ["INCR", "k"], ["SUBSCRIBE", "c"], ["GET", "k"]]
    response = post(upstash, rows, "/pipeline")
    assert response.status_code == 200
    ok, number, refused, value = response.json()
    assert ok == {"result": "OK"}
    assert number == {"error": "ERR value is not an integer or out of range"}
    assert refused["error"].startswith("ERR Command is not available: 'SUBSCRIBE'")
    assert value == {"result": "x"}


def test_a_failing_command_does_not_stop_a_transaction(upstash: UpstashDouble) -> None:
    rows = [["SET", "k", "x"], ["INCR", "k"], ["GET", "k"]]
    response = post(upstash, rows, "/multi-exec")
    assert response.json() == [
        {"result": "OK"},
        {"error": "ERR value is not an integer or out of range"},
        {"result": "x"},
    ]


@pytest.mark.parametrize("bad", [["SUBSCRIBE", "c"], ["GET"], ["NOSUCH", "k"]])
def test_a_refused_command_discards_the_transaction(upstash: UpstashDouble, bad: list[str]) -> None:
    response = post(upstash, [["SET", "k", "x"], bad], "/multi-exec")
    assert response.status_code == 400
    assert response.json()["error"].startswith("EXECABORT Transaction discarded because of")
    assert post(upstash, ["EXISTS", "k"]).json() == {"result": 0}


def test_oversize_request(upstash: UpstashDouble) -> None:
    response = post(upstash, ["SET", "k", "x" * (10 * 1024 * 1024)])
    assert response.status_code == 413
    assert response.json()["error"].startswith(
        "ERR max request size exceeded. Limit: 10485760 bytes"
    )


def test_only_json_answers_are_served(upstash: UpstashDouble) -> None:
    response = post(upstash, ["PING"], **{"Upstash-Response-Format": "resp2"})
    assert response.status_code == 400


# --- the double's faults -------------------------------------------------------------------------


def test_faults(server: UpstashDouble) -> None:
    server.break_with("refused")
    with pytest.raises(httpx.ConnectError):
        post(server, ["PING"])
    server.break_with("reset")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        post(server, ["PING"])
    server.break_with("frozen")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(server.url, content=b"[]", timeout=httpx.Timeout(60, read=0.05))
    server.break_with("error", status=502)
    assert post(server, ["PING"]).status_code == 502
    server.heal()
    assert post(server, ["PING"]).json() == {"result": "PONG"}
