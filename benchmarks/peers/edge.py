"""WatchLLM's edge as it is self-hosted: one worker, Redis, PostgreSQL, and the edge API before it.

The way of usage rows is a choice: through the edge API, or straight into PostgreSQL where the
build can do that. A build that cannot speak to Redis itself goes through Upstash's REST protocol.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import psycopg
import redis

from benchmarks.peers.peer import (
    PYTHON,
    ROOT,
    Peer,
    PeerMissingError,
    python_path,
    start,
    stop,
    until_it_answers,
)
from local_stack import ports
from tests.contract.postgres import Cluster, PostgresMissingError, cluster
from tests.doubles.redis_process import redis_process, redis_server_missing

PATH = "/v1/chat/completions"
SECRETS = {
    "API_KEY_PEPPER": "peers-only-pepper",
    "ENCRYPTION_KEYS": "peers:" + "A" * 43 + "=",
    "SUPABASE_KEY": "peers-only-key",
}
_REST_TOKEN = "peers-only-token"  # noqa: S105


@contextmanager
def edges(provider: str) -> Iterator[list[Peer]]:
    """The edge, once for each way that this build has for rows; each with stores of its own.

    Raises ``PeerMissingError``.
    """
    if reason := redis_server_missing():
        raise PeerMissingError(reason)
    with ExitStack() as stack:
        running = [stack.enter_context(_edge("WatchLLM", provider, direct=_knows("DATABASE_URL")))]
        if _knows("DATABASE_URL"):
            rest = _edge("WatchLLM, rows by REST", provider, direct=False)
            running.append(stack.enter_context(rest))
        yield running


@contextmanager
def _edge(name: str, provider: str, *, direct: bool) -> Iterator[Peer]:
    with ExitStack() as stack:
        redis_url = stack.enter_context(redis_process())
        try:
            postgres = stack.enter_context(cluster())
        except PostgresMissingError as error:
            raise PeerMissingError(str(error)) from error
        stores = [redis_pid(redis_url), postmaster_pid(postgres)]
        django = dashboard_environment(postgres)
        key = prepare_database(django)
        api = ports.unused()
        environment = {
            **SECRETS,
            "PYTHONPATH": python_path("shared/src", "worker/src"),
            "SUPABASE_URL": f"http://127.0.0.1:{api}",
            "OPENAI_BASE_URL": provider,
            "OPENAI_API_KEY": "sk-peers",
            "EDGE_PROCESSES": "1",
        }
        if direct:
            environment["DATABASE_URL"] = postgres.url("postgres")
        if _knows("REDIS_URL"):
            environment["REDIS_URL"] = redis_url
        else:
            rest = ports.unused()
            server = start(
                [PYTHON, "-m", "local_stack.redis_rest", "--port", str(rest)],
                {
                    "PYTHONPATH": python_path("tools"),
                    "REDIS_URL": redis_url,
                    "UPSTASH_REDIS_REST_TOKEN": _REST_TOKEN,
                },
            )
            stack.callback(stop, server)
            stores.append(server.pid)
            environment |= {
                "UPSTASH_REDIS_REST_URL": f"http://127.0.0.1:{rest}",
                "UPSTASH_REDIS_REST_TOKEN": _REST_TOKEN,
            }
        edge_api = start_edge_api(api, django)
        stack.callback(stop, edge_api)
        stores.append(edge_api.pid)
        port = ports.unused()
        process = start(_command(port), environment)
        stack.callback(stop, process)
        peer = Peer(name, port, PATH, key, [process.pid], stores)
        peer.again = partial(_again, environment, peer)
        peer.stored_rows = partial(_count, postgres)
        until_it_answers(port, peer.cached(), process)
        yield peer


def dashboard_environment(postgres: Cluster) -> dict[str, str]:
    """The dashboard's settings, for the edge API and for `manage.py`."""
    return {
        **SECRETS,
        "PYTHONPATH": python_path("shared/src", "dashboard", "tools", "."),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": "peers",
        "DJANGO_DEBUG": "true",
        "DATABASE_URL": postgres.url("postgres"),
        "EDGE_API_ENABLED": "true",
    }


def prepare_database(django: dict[str, str]) -> str:
    """Make the tables and a customer; the answer is its API key."""
    _step(django, str(ROOT / "dashboard/manage.py"), "migrate", "--verbosity", "0")
    return _step(django, "-m", "benchmarks.peers.seed").strip()


def start_edge_api(port: int, django: dict[str, str]) -> "subprocess.Popen[bytes]":
    """The two PostgREST routes, served as beside a self-hosted edge."""
    return start(
        [
            *(PYTHON, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
            *("--port", str(port), "--http", "1", "--no-ws", "--log-level", "warning"),
            *("--blocking-threads", "4", "config.edge_api_wsgi:application"),
        ],
        django,
    )


def _again(environment: dict[str, str], peer: Peer) -> float:
    """Seconds from the start of another process until it has answered."""
    port = ports.unused()
    began = time.perf_counter()
    process = start(_command(port), environment)
    try:
        until_it_answers(port, peer.cached(), process)
        return time.perf_counter() - began
    finally:
        stop(process)


def _command(port: int) -> list[str]:
    return [
        *(PYTHON, "-m", "granian", "--interface", "asgi", "--loop", "uvloop"),
        *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
        "gateway.platform.cpython:app",
    ]


def _knows(variable: str) -> bool:
    """Whether this build's edge reads it."""
    try:
        from gateway.core import settings
    except ImportError:  # the build before folders
        from gateway import settings
    return variable in settings.variables([])


def _count(postgres: Cluster) -> int:
    with psycopg.connect(postgres.url("postgres")) as connection:
        row = connection.execute("SELECT count(*) FROM usage_logs").fetchone()
    return int(row[0]) if row else 0


def postmaster_pid(postgres: Cluster) -> int:
    """PostgreSQL's first process, whose children serve."""
    file = postgres.socket_dir / "data" / "postmaster.pid"
    return int(file.read_text().splitlines()[0])


def redis_pid(redis_url: str) -> int:
    """The process id of the Redis at this address."""
    with redis.Redis.from_url(redis_url) as client:
        return int(client.info("server")["process_id"])


def _step(environment: dict[str, str], *arguments: str) -> str:
    process = start([PYTHON, *arguments], environment, output=subprocess.PIPE)
    printed, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{arguments} ended with status {process.returncode}")
    return printed.decode()
