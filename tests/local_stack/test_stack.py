"""`python -m local_stack` as `make run` starts it: real processes, a state of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from local_stack import env_file, ports
from local_stack.options import StartError, parse
from local_stack.services import plan
from local_stack.state import load_or_create_secrets, read_json
from tests.doubles.migrated_sqlite import put_into
from tests.doubles.openai_api import OpenAIDouble
from tests.worker.edge import until

pytestmark = pytest.mark.spread
TOOLS = Path(__file__).resolve().parents[2] / "tools"
READY = "Ctrl-C stops everything"
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


class Run:
    """A started stack. `printed` grows until it has ended."""

    def __init__(self, process: "subprocess.Popen[str]", state: Path) -> None:
        self.process = process
        self.state = state
        self.printed: list[str] = []

    def until(self, text: str) -> None:
        """Read on until a line holds this text; fails with all that was printed when none does."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line)
            if text in line:
                return
        raise AssertionError(f"{text!r} was not printed:\n" + "".join(self.printed))

    def end(self) -> int:
        """Read to the end; the exit status."""
        assert self.process.stdout is not None
        self.printed.extend(self.process.stdout)
        return self.process.wait(120)

    @property
    def ready(self) -> dict[str, Any]:
        """What dev.json says."""
        return read_json(self.state / "dev.json")


@pytest.fixture
def state(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """A state folder whose database is there, where its making is not what is tested."""
    put_into(tmp_path, migrated_sqlite)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(TOOLS),
        "WATCHLLM_EDGE_PORT": str(ports.unused()),
        "WATCHLLM_DASHBOARD_PORT": str(ports.unused()),
        **more,
    }


@contextmanager
def running(state: Path, *arguments: str, **more: str) -> Iterator[Run]:
    process = subprocess.Popen(
        [sys.executable, "-m", "local_stack", "--state", str(state), *arguments],
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    run = Run(process, state)
    try:
        yield run
    finally:
        process.terminate()
        run.end()
        assert process.stdout is not None
        process.stdout.close()


def children_of(pid: int) -> set[int]:
    """The ids of all descendants."""
    found: set[int] = set()
    for entry in Path(f"/proc/{pid}/task").iterdir():
        for child in (entry / "children").read_text().split():
            found |= {int(child)} | children_of(int(child))
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def ask(ready: dict[str, Any]) -> httpx.Response:
    key = {"Authorization": f"Bearer {ready['api_key']}"}
    return httpx.post(f"{ready['base_url']}/chat/completions", json=CHAT, headers=key, timeout=120)


def test_bare_answers_from_the_cache_and_keeps_it_over_a_restart(state: Path) -> None:
    with OpenAIDouble() as provider:
        upstream = {"OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": provider.key}
        with running(state, "--bare", **upstream) as run:
            run.until(READY)
            first = run.ready
            assert first["dashboard_url"] is None
            assert ask(first).headers["x-watchllm-cache"] == "MISS"
            assert ask(first).headers["x-watchllm-cache"] == "HIT"
            descendants = children_of(run.process.pid)
            run.process.send_signal(signal.SIGINT)
            assert run.end() == 0
            assert len(descendants) >= 3
            assert alive(descendants) == set()
        with running(state, "--bare", **upstream) as run:
            run.until(READY)
            assert run.ready["api_key"] == first["api_key"]
            assert ask(run.ready).headers["x-watchllm-cache"] == "HIT"
        assert provider.calls() == 1


def test_the_demo_providers_answers_do_not_outlive_it(state: Path) -> None:
    with running(state, "--bare") as run:
        run.until(READY)
        assert ask(run.ready).headers["x-watchllm-cache"] == "MISS"
        assert ask(run.ready).headers["x-watchllm-cache"] == "HIT"
    with running(state, "--bare") as run:
        run.until(READY)
        assert ask(run.ready).headers["x-watchllm-cache"] == "HIT"
    with OpenAIDouble() as provider:
        upstream = {"OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": provider.key}
        with running(state, "--bare", **upstream) as run:
            run.until(READY)
            assert ask(run.ready).headers["x-watchllm-cache"] == "MISS"
        assert provider.calls() == 1


def test_the_whole_stack_with_its_demo_provider(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        run.until(READY)
        ready = run.ready
        assert (tmp_path / "dev.json").stat().st_mode & 0o077 == 0
        assert set(ready) == {
            *("base_url", "api_key", "dashboard_url", "staff", "upstash_url", "upstash_token")
        }
        assert "".join(run.printed).count(ready["api_key"]) == 2
        answer = ask(ready)
        assert "WatchLLM's demo provider" in answer.json()["choices"][0]["message"]["content"]
        assert_claude_answers(ready)
        assert (
            httpx.get(ready["dashboard_url"], follow_redirects=True, timeout=60).status_code == 200
        )
        assert_a_byte_in_a_cookie_signs_nobody_out(ready)
        assert_jobs_run_on_a_migrated_database(tmp_path / "logs" / "tick.log")
        assert "Traceback" not in "".join(run.printed)
        token = {"Authorization": f"Bearer {ready['upstash_token']}"}
        assert (
            httpx.get(f"{ready['upstash_url']}/ping", headers=token, timeout=60).json()["result"]
            == "PONG"
        )
        shown = managed(tmp_path, "stripe_sync", "--dry-run")
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout == "nothing to do\n"


def managed(state: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """What `make manage` does."""
    return subprocess.run(
        [sys.executable, "-m", "local_stack.manage", "--state", str(state), "--", *command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_manage_works_on_the_database_of_a_stack_that_does_not_run(tmp_path: Path) -> None:
    assert managed(tmp_path, "migrate", "accounts", "--verbosity", "0").returncode == 0
    assert (tmp_path / "dashboard.sqlite3").stat().st_size > 0
    refused = managed(tmp_path, "stripe_sync", "--dry-run")
    assert "The local stack is not running" in refused.stderr
    assert "STRIPE_SECRET_KEY is not set" in refused.stderr


def assert_a_byte_in_a_cookie_signs_nobody_out(ready: dict[str, Any]) -> None:
    """Whatever else runs on the domain may have set a cookie that is not ASCII."""
    url = ready["dashboard_url"]
    page = httpx.get(f"{url}/accounts/login/", timeout=60)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    signed_in = httpx.post(
        f"{url}/accounts/login/",
        data={
            "csrfmiddlewaretoken": token[1],
            "login": ready["staff"]["email"],
            "password": ready["staff"]["password"],
        },
        headers={"cookie": f"csrftoken={page.cookies['csrftoken']}".encode() + b"; x=caf\xe9"},
        timeout=60,
    )
    assert (signed_in.status_code, signed_in.headers.get("location")) == (302, "/app/")
    cookie = f"sessionid={signed_in.cookies['sessionid']}".encode() + b"; x=caf\xe9"
    home = httpx.get(f"{url}/app/", headers={"cookie": cookie}, timeout=60)
    assert home.headers["location"].startswith("/app/"), home.headers


def assert_jobs_run_on_a_migrated_database(log: Path) -> None:
    until(lambda: log.exists() and "outbox: " in log.read_text(), "the jobs to run")
    assert "no such table" not in log.read_text()


def assert_claude_answers(ready: dict[str, Any]) -> None:
    """The demo stands in for Claude too: through Anthropic's SDK, and through OpenAI's."""
    asked: Any = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": "Hello, Claude!"}],
    }
    edge_url = ready["base_url"].removesuffix("/v1")
    with anthropic.Anthropic(base_url=edge_url, api_key=ready["api_key"], max_retries=0) as client:
        message = client.messages.create(**asked)
        with client.messages.stream(**asked) as stream:
            text = stream.get_final_text()
        counted = client.messages.count_tokens(model=asked["model"], messages=asked["messages"])
    assert message.content[0].type == "text"
    assert message.content[0].text == text
    assert "WatchLLM's demo provider, standing in for claude-sonnet-5-5: no model" in text
    assert "Set ANTHROPIC_API_KEY" in text
    assert counted.input_tokens > 0
    with openai.OpenAI(base_url=ready["base_url"], api_key=ready["api_key"], max_retries=0) as chat:
        completion = chat.chat.completions.create(**asked)
        made = chat.responses.create(model="gpt-4o-mini", input="Hello!", store=False)
    assert completion.choices[0].message.content == text
    assert "no model was asked" in made.output_text


def test_a_service_that_dies_stops_all_and_is_named(state: Path) -> None:
    with running(state, "--bare") as run:
        run.until(READY)
        descendants = children_of(run.process.pid)
        provider = next(
            pid
            for pid in descendants
            if b"local_stack.demo_provider" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(provider, signal.SIGKILL)
        assert run.end() == 1
        assert "provider ended with status -9" in "".join(run.printed)
        assert alive(descendants) == set()


def test_a_killed_supervisor_leaves_nobody_behind(state: Path) -> None:
    with running(state, "--bare") as run:
        run.until(READY)
        descendants = children_of(run.process.pid)
        run.process.kill()
        assert run.end() == -signal.SIGKILL  # its output ends when the last child has closed it
        until(lambda: not alive(descendants), "its children to end")


def test_a_file_holds_where_the_environment_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("WATCHLLM_EDGE_HOST=nowhere\nREDIS_URL=redis://127.0.0.1:1/0\n")
    with running(tmp_path, "--env-file", str(file)) as run:
        assert run.end() == 1
    assert "WATCHLLM_EDGE_HOST must be one of" in "".join(run.printed)
    with running(tmp_path, "--env-file", str(file), WATCHLLM_EDGE_HOST="cpython") as run:
        assert run.end() == 1
    assert "REDIS_URL: nothing answers at 127.0.0.1:1 " in "".join(run.printed)


def test_lines_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "env"
    assert env_file.read(file) == {}
    file.write_text("# no\n\nA=1\nexport B = 2\n")
    with pytest.raises(StartError, match="line 4"):
        env_file.read(file)
    file.write_text('A=1\nexport B="x # y"\n C= a=b <c> \nD=\nE=\'\n')
    assert env_file.read(file) == {"A": "1", "B": "x # y", "C": "a=b <c>", "D": "", "E": "'"}
    example = env_file.read(TOOLS.parent / ".env.example")
    assert example["MAIL_FROM"] == "WatchLLM <hello@watchllm.localhost>"


@pytest.mark.parametrize("variable", ["WATCHLLM_EDGE_PORT", "WATCHLLM_DASHBOARD_PORT"])
def test_a_taken_port_is_named_with_its_variable(tmp_path: Path, variable: str) -> None:
    port = ports.unused()
    with ExitStack() as held:
        held.enter_context(socket.create_server(("127.0.0.1", port)))
        with suppress(OSError):  # a whole stack holds the next one, too; or somebody else does
            held.enter_context(socket.create_server(("127.0.0.1", port + 1)))
        with running(tmp_path, **{variable: str(port)}) as run:
            assert run.end() == 1
        printed = "".join(run.printed)
        assert f"Port {port} is already in use" in printed
        (another,) = re.findall(rf"{variable}=(\d+) make run", printed)
        assert port + 1 < int(another) < port + 100
        assert not (tmp_path / "dev.json").exists()


def test_a_host_without_node_is_named(tmp_path: Path) -> None:
    with running(tmp_path, "--bare", WATCHLLM_EDGE_HOST="pyodide", PATH=str(tmp_path)) as run:
        assert run.end() == 1
    printed = "".join(run.printed)
    assert "needs Node.js" in printed
    assert "Traceback" not in printed


def test_a_redis_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{ports.unused()}/0"
    with running(tmp_path, "--bare", REDIS_URL=url) as run:
        assert run.end() == 1
    assert "REDIS_URL: nothing answers at 127.0.0.1:" in "".join(run.printed)


def test_a_second_stack_on_the_same_state_is_refused(state: Path) -> None:
    with running(state, "--bare") as first:
        first.until(READY)
        with running(state, "--bare") as second:
            assert second.end() == 1
        assert "already running" in "".join(second.printed)


@pytest.mark.parametrize(
    "wrong", [{"WATCHLLM_EDGE_PORT": "http"}, {"WATCHLLM_EDGE_HOST": "netscape"}]
)
def test_a_wrong_setting_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(StartError, match=next(iter(wrong))):
        parse([], wrong)


@pytest.mark.parametrize(
    ("given", "demo"),
    [
        ({}, True),
        ({"OPENAI_API_KEY": "sk-x"}, False),
        ({"GROQ_API_KEY": "gsk-x"}, False),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, False),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:1/v1"}, False),
        ({"OPENAI_API_KEY": ""}, True),
    ],
)
def test_the_demo_provider_stands_in_only_when_nothing_else_is_named(
    tmp_path: Path, given: dict[str, str], demo: bool
) -> None:
    options = parse(["--state", str(tmp_path)], given)
    stack = plan(options, load_or_create_secrets(tmp_path), given)
    assert stack.demo is demo
    assert ("provider" in {service.name for service in stack.stores}) is demo
    for name in ("OPENAI", "ANTHROPIC", "GROQ"):
        url = stack.edge.environment.get(f"{name}_BASE_URL", "")
        assert url.startswith("http://127.0.0.1:") is demo


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"DATABASE_URL": "postgresql://u@/name"}, "postgresql://u@/name"),
        ({"DATABASE_URL": "sqlite:////srv/db.sqlite3"}, ""),
        ({}, ""),
    ],
)
def test_the_edge_writes_its_rows_itself_where_the_stack_runs_on_postgresql(
    given: dict[str, str], told: str, tmp_path: Path
) -> None:
    options = parse(["--state", str(tmp_path)], given)
    stack = plan(options, load_or_create_secrets(tmp_path), given)
    assert stack.edge.environment["DATABASE_URL"] == told


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    made = load_or_create_secrets(tmp_path)
    assert load_or_create_secrets(tmp_path) == made
    path = tmp_path / "secrets.json"
    assert path.stat().st_mode & 0o077 == 0
    known = json.loads(path.read_text())
    del known["supabase_key"]  # as if written by a version that did not know it yet
    path.write_text(json.dumps(known))
    later = load_or_create_secrets(tmp_path)
    assert later.supabase_key
    assert later.api_key_pepper == made.api_key_pepper
