"""Every process of the stack: what it runs, what it is told, and how to tell that it is up."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from local_stack import ports, stripe_double
from local_stack.options import REPOSITORY, Options, StartError
from local_stack.state import Secrets

_PROVIDERS = ("OPENAI", "ANTHROPIC", "GROQ")
_SERVER = (
    *(sys.executable, "-m", "granian", "--host", "127.0.0.1", "--http", "1", "--no-ws"),
    *("--log-level", "warning"),
)
_EDGE_API_THREADS = "4"
_TICK_SECONDS = "30"
_NODE_HOST = REPOSITORY / "tools" / "local_stack" / "pyodide_host"


@dataclass(frozen=True, slots=True)
class Service:
    """A long-running process, or a step that must end with status 0.

    `health_url`: what tells that the process is up; none has a step, and what nobody waits for.
    `shown`: what it prints appears on the terminal, and not in its log alone.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health_url: str | None = None
    health_headers: Mapping[str, str] = field(default_factory=dict)
    health_body: bytes | None = None
    folder: Path = REPOSITORY
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Stack:
    """What is started: stores first to stop last, `setup` alongside them, and where they answer.

    `after_setup`: what needs the database as `setup` leaves it.
    """

    stores: tuple[Service, ...]
    setup: Service
    after_setup: tuple[Service, ...]
    edge: Service
    upstash_url: str
    seed_file: Path
    demo: bool
    stripe_url: str | None = None


def plan(options: Options, secrets: Secrets, environment: Mapping[str, str]) -> Stack:
    """Decide which services run, and wire them together."""
    redis_port = ports.unused()
    upstash_url = f"http://127.0.0.1:{redis_port}"
    upstash = {
        "UPSTASH_REDIS_REST_URL": upstash_url,
        "UPSTASH_REDIS_REST_TOKEN": secrets.upstash_redis_rest_token,
    }
    supabase_url = f"http://127.0.0.1:{ports.unused()}" if options.bare else options.dashboard_url
    shared_secrets = {
        "API_KEY_PEPPER": secrets.api_key_pepper,
        "ENCRYPTION_KEYS": secrets.encryption_keys,
        "SUPABASE_KEY": secrets.supabase_key,
    }
    dashboard_environment = {
        **shared_secrets,
        **upstash,
        "PYTHONPATH": _python_path("shared/src", "dashboard"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": secrets.django_secret_key,
        "DJANGO_DEBUG": "true",
        "DATABASE_URL": options.database_url,
        "EDGE_BASE_URL": options.edge_url,
        "EDGE_API_ENABLED": "true",
        "DASHBOARD_BASE_URL": options.dashboard_url,
    }
    stripe_url = None
    if not options.bare and not environment.get("STRIPE_SECRET_KEY"):
        stripe_url = f"http://127.0.0.1:{ports.unused_near(options.dashboard_port + 1)}"
        dashboard_environment |= {
            "STRIPE_API_BASE": stripe_url,
            "STRIPE_SECRET_KEY": stripe_double.SECRET_KEY,
            "STRIPE_WEBHOOK_SECRET": stripe_double.WEBHOOK_SECRET,
        }
    demo = _wants_demo_provider(environment)
    demo_url = f"http://127.0.0.1:{ports.unused()}"
    direct = options.redis_url if options.edge_host == "cpython" else None
    edge_environment = {
        **shared_secrets,
        **({"REDIS_URL": direct} if direct else {**upstash, "REDIS_URL": ""}),
        **_provider_environment(environment, demo_url if demo else None),
        "SUPABASE_URL": supabase_url,
        "DATABASE_URL": options.database_url if _takes_rows(options) else "",
        "ENVIRONMENT": environment.get("ENVIRONMENT") or "development",
        "BYOK_PRIVATE_ADDRESSES": environment.get("BYOK_PRIVATE_ADDRESSES") or "1",
        "SHARED_PROVIDER_FILES": environment.get("SHARED_PROVIDER_FILES") or "1",
    }
    stores = [
        _redis(options, redis_port, secrets),
        _dashboard(options, supabase_url, dashboard_environment),
    ]
    if stripe_url:
        stores.append(_stripe_double(options, stripe_url))
    if demo:
        stores.append(_demo_provider(demo_url))
    seed_file = options.state / ("seed-bare.json" if options.bare else "seed.json")
    return Stack(
        stores=tuple(stores),
        setup=_setup(options, seed_file, dashboard_environment),
        after_setup=() if options.bare else (_tick(dashboard_environment),),
        edge=_edge(options, edge_environment),
        upstash_url=upstash_url,
        seed_file=seed_file,
        demo=demo,
        stripe_url=stripe_url,
    )


def _takes_rows(options: Options) -> bool:
    """Whether the edge can write usage rows into the database itself."""
    is_postgres = options.database_url.startswith(("postgres://", "postgresql://"))
    return is_postgres and options.edge_host == "cpython"


def _wants_demo_provider(environment: Mapping[str, str]) -> bool:
    """Only when nothing says which provider to use."""
    return not any(
        environment.get(f"{provider}{suffix}")
        for provider in _PROVIDERS
        for suffix in ("_API_KEY", "_BASE_URL")
    )


def _provider_environment(environment: Mapping[str, str], demo_url: str | None) -> dict[str, str]:
    """A local provider needs no key, but the edge sends one: give it one that says so."""
    if demo_url:
        told = {f"{name}_BASE_URL": f"{demo_url}/v1" for name in _PROVIDERS}
        return {**told, **{f"{name}_API_KEY": "demo" for name in _PROVIDERS}}
    return {
        f"{name}_API_KEY": "local"
        for name in _PROVIDERS
        if environment.get(f"{name}_BASE_URL") and not environment.get(f"{name}_API_KEY")
    }


def _redis(options: Options, port: int, secrets: Secrets) -> Service:
    command = [sys.executable, "-m", "local_stack.redis_rest", "--port", str(port)]
    if options.redis_url is None:
        command += ["--data-file", str(options.state / "redis.sqlite3")]
    return Service(
        name="redis",
        command=tuple(command),
        environment={
            "PYTHONPATH": _python_path("tools"),
            "UPSTASH_REDIS_REST_TOKEN": secrets.upstash_redis_rest_token,
        },
        health_url=f"http://127.0.0.1:{port}/ping",
        health_headers={"Authorization": f"Bearer {secrets.upstash_redis_rest_token}"},
    )


def _dashboard(options: Options, url: str, environment: Mapping[str, str]) -> Service:
    port = url.rpartition(":")[2]
    if options.bare:
        # Its only client is the edge, whose headers are ASCII.
        command: tuple[str, ...] = (
            *(*_SERVER, "--port", port, "--interface", "wsgi"),
            *("--blocking-threads", _EDGE_API_THREADS, "config.edge_api_wsgi:application"),
        )
    else:
        command = (
            *(sys.executable, "-m", "gunicorn", "--config", "python:config.web_server"),
            *("--bind", f"127.0.0.1:{port}"),
        )
    return Service(
        name="edge-api" if options.bare else "dashboard",
        command=command,
        environment=environment,
        # What the edge will ask, so a yes means that Django, its database and the key are right.
        health_url=f"{url}/rest/v1/rpc/resolve_api_key",
        health_headers={
            "apikey": environment["SUPABASE_KEY"],
            "Authorization": f"Bearer {environment['SUPABASE_KEY']}",
            "Content-Type": "application/json",
        },
        health_body=b'{"key_hash": "0"}',
    )


def _tick(environment: Mapping[str, str]) -> Service:
    """The cron of the local stack. Its lines, some every half minute, are for its log alone."""
    return Service(
        name="tick",
        command=(
            *(sys.executable, str(REPOSITORY / "dashboard" / "manage.py")),
            *("tick", "--every", _TICK_SECONDS),
        ),
        environment=environment,
        shown=False,
    )


def _stripe_double(options: Options, url: str) -> Service:
    return Service(
        name="stripe",
        command=(
            *(sys.executable, "-m", "local_stack.stripe_double", "--port", url.rpartition(":")[2]),
            *("--webhook-url", f"{options.dashboard_url}/webhooks/stripe"),
            *("--data-file", str(options.state / "stripe.json")),
        ),
        environment={"PYTHONPATH": _python_path("tools")},
        health_url=f"{url}/",
    )


def _demo_provider(url: str) -> Service:
    port = url.rpartition(":")[2]
    return Service(
        name="provider",
        command=(sys.executable, "-m", "local_stack.demo_provider", "--port", port),
        environment={"PYTHONPATH": _python_path("tools")},
        health_url=f"{url}/v1/models",
        health_headers={"Authorization": "Bearer demo"},
    )


def _setup(options: Options, seed_file: Path, environment: Mapping[str, str]) -> Service:
    command = [sys.executable, "-m", "local_stack.dashboard_setup", "--output", str(seed_file)]
    if options.bare:
        command.append("--bare")
    python_path = _python_path("shared/src", "dashboard", "tools")
    return Service("setup", tuple(command), {**environment, "PYTHONPATH": python_path})


def _edge(options: Options, environment: Mapping[str, str]) -> Service:
    port = str(options.edge_port)
    health_url = f"{options.edge_url}/health"
    if options.edge_host == "cpython":
        app = "gateway.platform.cpython:app"
        return Service(
            name="edge",
            command=(*_SERVER, "--port", port, "--interface", "asgi", app),
            environment={**environment, "PYTHONPATH": _python_path("shared/src", "worker/src")},
            health_url=health_url,
        )
    _check_development_packages(options.edge_host)
    if options.edge_host == "pyodide":
        main = _NODE_HOST / "main.mjs"
        if shutil.which("node") is None:
            raise StartError("WATCHLLM_EDGE_HOST=pyodide needs Node.js: node is not on the PATH")
        if not (_NODE_HOST / "node_modules").exists():
            raise StartError(f"WATCHLLM_EDGE_HOST=pyodide needs: npm ci --prefix {_NODE_HOST}")
        return Service(
            name="edge",
            command=("node", str(main), "--port", port, "--python", sys.executable),
            environment=environment,
            health_url=health_url,
        )
    # wrangler takes variables from a file; on its command line they would show in `ps`.
    variables = options.state / "edge.vars"
    descriptor = os.open(variables, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in environment.items())
    return Service(
        name="edge",
        command=(
            *("pywrangler", "dev", "--ip", "127.0.0.1", "--port", port),
            *("--env-file", str(variables)),
        ),
        environment={"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        health_url=health_url,
    )


def _check_development_packages(host: str) -> None:
    try:
        distribution("workers-runtime-sdk")
    except PackageNotFoundError:
        raise StartError(
            f"WATCHLLM_EDGE_HOST={host} needs the packages for development: tools/bootstrap.sh dev"
        ) from None


def _python_path(*folders: str) -> str:
    return os.pathsep.join(str(REPOSITORY / folder) for folder in folders)
