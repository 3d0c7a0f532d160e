"""What `deploy/` has operators run: compose's commands, systemd's units, Grafana's queries."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml

from local_stack import ports
from shared import api_keys
from tests.contract import postgres
from tests.doubles.redis_process import redis_process, redis_server_missing
from tests.worker.edge import ROOT, until


class UniqueKeys(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, as Compose does; PyYAML takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT002
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{twice} twice, from line {node.start_mark.line + 1}"
        return super().construct_mapping(node, deep=deep)


DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.load((DEPLOY / "compose.yaml").read_text(), UniqueKeys)  # noqa: S506
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"] == "watchllm"}
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
PANELS = json.loads((DEPLOY / "grafana/watchllm.json").read_text())["panels"]
ENCRYPTION_KEYS = "k1:" + "A" * 43 + "="
# Well-formed, so that the edge asks for its record before it refuses it.
KEY = {"Authorization": f"Bearer {api_keys.generate()}"}


def example() -> dict[str, str]:
    """The settings that an operator starts from."""
    lines = (DEPLOY / "settings.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_what_the_image_copies_exists_and_is_let_through() -> None:
    copied = re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    assert copied
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for source, target in copied:
        assert source == target
        assert (ROOT / source).exists()
        assert f"!{source}" in allowed
    assert re.search(r"^USER \d+", DOCKERFILE, re.MULTILINE)


def test_the_image_starts_the_edge_as_the_compose_file_does() -> None:
    (command,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert json.loads(command) == SERVICES["edge"]["command"]


def test_the_image_can_collect_static_files() -> None:
    """With no settings but those that the Dockerfile gives."""
    (command,) = re.findall(r"^RUN (DJANGO_.*?noinput)$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    python_path = f"{ROOT / 'shared/src'}{os.pathsep}{ROOT / 'dashboard'}"
    collected = subprocess.run(
        ["bash", "-c", f"{command} --dry-run"],
        cwd=ROOT,
        env={
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": python_path,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert collected.returncode == 0, collected.stderr
    assert "static files copied" in collected.stdout


def test_services_wait_for_services_that_exist() -> None:
    for name, service in SERVICES.items():
        for needed, wanted in service.get("depends_on", {}).items():
            assert needed in SERVICES, name
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed]
    volumes = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())}
    assert volumes == set(COMPOSE["volumes"])
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_setting_is_one_that_is_documented() -> None:
    known = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert set(example()) <= known | {"POSTGRES_PASSWORD"}
    assert f":{example()['POSTGRES_PASSWORD']}@" in example()["DATABASE_URL"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed here")
    here = unit.read_text().replace("/opt/watchllm", str(ROOT)).replace("User=watchllm\n", "")
    (tmp_path / unit.name).write_text(here)
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_guide_shows_the_units_as_they_are() -> None:
    guide = (ROOT / "docs/public/self-hosting.md").read_text()
    shown = re.findall(r'```ini title="/etc/systemd/system/(.*?)"\n(.*?)```', guide, re.DOTALL)
    assert shown
    for name, text in shown:
        assert (DEPLOY / "systemd" / name).read_text() == text, name


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    """PostgreSQL, as the compose file has it."""
    try:
        context = postgres.cluster()
        running = context.__enter__()
    except postgres.PostgresMissingError as error:
        pytest.skip(str(error))
    try:
        with connected(running) as connection:
            connection.execute("CREATE DATABASE watchllm")
        yield running
    finally:
        context.__exit__(None, None, None)


@contextmanager
def connected(
    cluster: postgres.Cluster, database: str = "postgres"
) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(
        host=str(cluster.socket_dir),
        port=cluster.port,
        dbname=database,
        user=postgres.SUPERUSER,
        autocommit=True,
    ) as connection:
        yield connection


class Machine:
    """The compose file's services as processes of this machine."""

    def __init__(self, database_url: str, redis_url: str, folder: Path) -> None:
        self.ports = {port: ports.unused() for port in ("8079", "8001", "8000", "8787")}
        self._settings = example() | {
            "DATABASE_URL": database_url,
            "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
        }
        self._redis_url = redis_url
        self._folder = folder

    def here(self, text: str) -> str:
        """A value of the compose file with the addresses of this machine."""
        text = text.replace("redis://redis:6379/0", self._redis_url).replace("0.0.0.0", "127.0.0.1")
        text = re.sub(r"\b(redis-rest|edge-api)\b", "127.0.0.1", text)
        return re.sub(r"\b(8079|8001|8000|8787)\b", lambda port: str(self.ports[port[1]]), text)

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """The service's own command, in the image's environment."""
        service = SERVICES[name]
        (python_path,) = re.findall(r"^ENV PYTHONPATH=(\S+)", DOCKERFILE, re.MULTILINE)
        settings = self._settings | service.get("environment", {})
        program, *arguments = (self.here(part) for part in service["command"])
        with (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [str(Path(sys.executable).parent / program), *arguments],
                cwd=ROOT,
                env={variable: self.here(value) for variable, value in settings.items()}
                | {
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": python_path.replace("/app", str(ROOT)),
                },
                stdout=log,
                stderr=log,
            )

    def url(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"


@pytest.mark.skipif(redis_server_missing() is not None, reason="redis-server is not installed")
def test_the_commands_of_the_compose_file_make_a_product(
    cluster: postgres.Cluster, tmp_path: Path
) -> None:
    url = cluster.url("watchllm", postgres.SUPERUSER)
    with redis_process() as redis_url, ExitStack() as running:
        machine = Machine(url, redis_url, tmp_path)
        assert machine.start("migrate").wait(240) == 0, (tmp_path / "migrate.log").read_text()
        started = {}
        for name in sorted(OURS - {"migrate"}):
            started[name] = machine.start(name)
            running.callback(started[name].wait, 60)
            running.callback(started[name].terminate)

        def nothing_ended() -> bool:
            ended = [name for name, process in started.items() if process.poll() is not None]
            assert not ended, f"{ended[0]}: " + (tmp_path / f"{ended[0]}.log").read_text()
            return True

        def edge_refuses_an_unknown_key() -> bool:
            return nothing_ended() and status(f"{machine.url('8787')}/v1/models", KEY) == 401

        # The edge has asked the edge API, which has asked the database.
        until(edge_refuses_an_unknown_key, "the edge to look a key up", 240, every=0.2)
        health = f"{machine.url('8000')}/healthz"
        host = {"Host": example()["DJANGO_ALLOWED_HOSTS"]}
        until(lambda: status(health, host) == 200, "the dashboard", 240, every=0.2)

        def worked() -> bool:
            with connected(cluster, "watchllm") as connection:
                found = connection.execute(
                    "SELECT count(*) FROM job_runs WHERE last_succeeded_at IS NOT NULL"
                ).fetchone()
            return nothing_ended() and found is not None and found[0] > 0

        until(worked, "scheduled work", 240, every=0.5)
        check_grafana(cluster)


def status(url: str, headers: dict[str, str]) -> int:
    try:
        return httpx.get(url, headers=headers, timeout=60).status_code
    except httpx.TransportError:
        return 0


def check_grafana(cluster: postgres.Cluster) -> None:
    """Every panel's query runs on the migrated tables, Grafana's macro filled in."""
    assert PANELS
    for panel in PANELS:
        for target in panel["targets"]:
            query = re.sub(
                r"\$__timeFilter\((\w+)\)", r"\1 > now() - interval '7 days'", target["rawSql"]
            )
            assert "$" not in query, panel["title"]
            with connected(cluster, "watchllm") as connection:
                shown = connection.execute(query)
                assert shown.description, panel["title"]
                names = [column.name for column in shown.description]
                assert target["format"] != "time_series" or names[0] == "time", panel["title"]
