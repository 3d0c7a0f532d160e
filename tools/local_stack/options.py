"""What `make run` is told, by its arguments and by the environment."""

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def version() -> str:
    """WatchLLM's, as ``pyproject.toml`` has it."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


EDGE_HOSTS = ("cpython", "pyodide", "workerd")
_DEFAULT_PORTS = {"WATCHLLM_EDGE_PORT": 8787, "WATCHLLM_DASHBOARD_PORT": 8000}


class StartError(Exception):
    """The stack cannot start; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Options:
    """`state` is where data, secrets and logs live; `redis_url` None means the embedded store."""

    bare: bool
    edge_host: str
    edge_port: int
    dashboard_port: int
    state: Path
    database_url: str
    redis_url: str | None

    @property
    def edge_url(self) -> str:
        """The edge's address, without `/v1`."""
        return f"http://127.0.0.1:{self.edge_port}"

    @property
    def dashboard_url(self) -> str:
        """The dashboard's address."""
        return f"http://127.0.0.1:{self.dashboard_port}"

    def public_ports(self) -> dict[str, int]:
        """The ports somebody outside relies on, by the variable that sets them."""
        ports = {"WATCHLLM_EDGE_PORT": self.edge_port}
        return ports if self.bare else {**ports, "WATCHLLM_DASHBOARD_PORT": self.dashboard_port}


def parse(given: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Raise `StartError` naming the variable that is wrong."""
    return from_arguments(arguments(given), environment)


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """The command line; ends the process with a message where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m local_stack", description="Start WatchLLM on this machine."
    )
    parser.add_argument(
        "--bare", action="store_true", help="the edge and its stores alone, for benchmarks"
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=REPOSITORY / ".watchllm",
        help="folder for data, secrets and logs (default: .watchllm in the repository)",
    )
    parser.add_argument(
        "--env-file", type=Path, help="read variables that the environment does not set from here"
    )
    return parser.parse_args(given)


def from_arguments(given: argparse.Namespace, environment: Mapping[str, str]) -> Options:
    """Raise `StartError` naming the variable that is wrong."""
    state = given.state.resolve()
    edge_host = environment.get("WATCHLLM_EDGE_HOST") or "cpython"
    if edge_host not in EDGE_HOSTS:
        raise StartError(f"WATCHLLM_EDGE_HOST must be one of {', '.join(EDGE_HOSTS)}")
    return Options(
        bare=given.bare,
        edge_host=edge_host,
        edge_port=_port(environment, "WATCHLLM_EDGE_PORT"),
        dashboard_port=_port(environment, "WATCHLLM_DASHBOARD_PORT"),
        state=state,
        database_url=environment.get("DATABASE_URL") or f"sqlite:///{state / 'dashboard.sqlite3'}",
        redis_url=environment.get("REDIS_URL") or None,
    )


def _port(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name) or str(_DEFAULT_PORTS[name])
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise StartError(f"{name} must be a port number, not {text!r}")
    return int(text)
