"""Do unmodified coding agents work through the edge, and is a second, equal run a hit?

    make agents

Installs the pinned command lines from npm into a temporary folder, starts the bare stack with a
local provider that only talks, and runs each agent twice on one question. Prints a table; exit code
1 when an agent failed, was retried, or had a request of its second run answered by the provider.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from local_stack.anthropic_api.service import AnthropicService
from local_stack.openai_api.service import OpenAIService

PACKAGES = {"@anthropic-ai/claude-code": "2.1.332", "@openai/codex": "0.171.0"}
_REPOSITORY = Path(__file__).resolve().parents[1]
_RUN_SECONDS = 120
_START_SECONDS = 60
_QUESTION = "hello"
_QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
_NO_SOCKET = "failed to connect to Responses WebSocket"
"""What Codex logs for a WebSocket that it was refused; once a session, unless it tries again."""


class Failed(Exception):
    """What kept the agents from being tried."""


@dataclass(frozen=True, slots=True)
class Agent:
    """`environment` and `config` (Codex's config.toml) may hold `{edge}` and `{key}`."""

    name: str
    package: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    config: str = ""
    login: tuple[str, ...] = ()


_CODEX = ("codex", "exec", "--skip-git-repo-check", _QUESTION)
_CLAUDE_URL = {"ANTHROPIC_BASE_URL": "{edge}", **_QUIET}
AGENTS = (
    Agent(
        "Claude Code, bearer token",
        "@anthropic-ai/claude-code",
        ("claude", "-p", _QUESTION),
        {**_CLAUDE_URL, "ANTHROPIC_AUTH_TOKEN": "{key}"},
    ),
    Agent(
        "Claude Code, API key",
        "@anthropic-ai/claude-code",
        ("claude", "-p", _QUESTION),
        {**_CLAUDE_URL, "ANTHROPIC_API_KEY": "{key}"},
    ),
    Agent(
        "Claude Code, gpt-4o",
        "@anthropic-ai/claude-code",
        ("claude", "-p", _QUESTION, "--model", "gpt-4o"),
        {**_CLAUDE_URL, "ANTHROPIC_AUTH_TOKEN": "{key}"},
    ),
    Agent(
        "Codex, custom provider",
        "@openai/codex",
        _CODEX,
        {"WATCHLLM_API_KEY": "{key}"},
        'model = "gpt-5"\nmodel_provider = "watchllm"\n\n[model_providers.watchllm]\n'
        'name = "WatchLLM"\nbase_url = "{edge}/v1"\nenv_key = "WATCHLLM_API_KEY"\n'
        'wire_api = "responses"\n',
    ),
    Agent(
        "Codex, openai_base_url",
        "@openai/codex",
        _CODEX,
        config='model = "gpt-5"\nopenai_base_url = "{edge}/v1"\n',
        login=("codex", "login", "--with-api-key"),
    ),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of an agent did: its exit code and words, and what the edge logged."""

    status: int
    output: str
    requests: list[dict[str, Any]]
    seconds: float

    @property
    def hits(self) -> int:
        """Requests answered from the cache."""
        return sum(request.get("cache") == "HIT" for request in self.requests)

    def problem(self) -> str | None:
        """Why this is no clean run, if so."""
        if self.status:
            return f"exit code {self.status}: {self.output[-500:]}"
        wrong = [request for request in self.requests if request["status"] != 200]
        if wrong or not self.requests:
            return f"requests: {wrong or 'none'}"
        if "Reconnecting" in self.output or self.output.count(_NO_SOCKET) > 1:
            return "it tried to connect again"
        return None


class Stack:
    """The bare stack, and the provider behind it."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "state"
        self._log = folder / "stack.log"
        self._process: asyncio.subprocess.Process | None = None
        self._provider = web.AppRunner(_provider())
        self._read = 0
        self.edge = ""
        self.key = ""

    async def __aenter__(self) -> "Stack":
        provider, edge = _unused_port(), _unused_port()
        await self._provider.setup()
        await web.TCPSite(self._provider, "127.0.0.1", provider).start()
        url = f"http://127.0.0.1:{provider}/v1"
        environment = {
            **_plain_environment(),
            "PYTHONPATH": str(_REPOSITORY / "tools"),
            "WATCHLLM_EDGE_PORT": str(edge),
            "OPENAI_BASE_URL": url,
            "ANTHROPIC_BASE_URL": url,
        }
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local_stack", "--bare", "--state", str(self._state)),
            env=environment,
            stdout=self._log.open("wb"),
            stderr=asyncio.subprocess.STDOUT,
        )
        ready = self._state / "dev.json"
        await _until(lambda: ready.exists() or self._ended(), _START_SECONDS, "the stack is up")
        if self._ended():
            raise Failed(f"The stack did not start:\n{self._log.read_text()}")
        told = json.loads(ready.read_text())
        self.edge, self.key = told["base_url"].removesuffix("/v1"), told["api_key"]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and not self._ended():
            self._process.send_signal(signal.SIGINT)
            await self._process.wait()
        await self._provider.cleanup()

    async def new_requests(self) -> list[dict[str, Any]]:
        """What the edge logged since the last call. A request of ours marks where that ends."""
        mark = await asyncio.to_thread(self._mark)
        path = self._state / "logs" / "edge.log"
        await _until(lambda: mark in path.read_text(), 10, "the edge's log is written")
        lines = path.read_text().splitlines()
        new, self._read = lines[self._read :], len(lines)
        logged = [json.loads(line) for line in new if line.startswith("{")]
        return [
            line for line in logged if line["event"] == "request" and line["request_id"] != mark
        ]

    def refuses_web_sockets(self) -> bool:
        """Whether an upgrade of `/v1/responses` is answered 426."""
        request = urllib.request.Request(f"{self.edge}/v1/responses")  # noqa: S310
        request.add_header("upgrade", "websocket")
        try:
            urllib.request.urlopen(request, timeout=10)  # noqa: S310
        except urllib.error.HTTPError as error:
            return error.code == 426
        return False

    def _mark(self) -> str:
        request = urllib.request.Request(f"{self.edge}/v1/models")  # noqa: S310
        request.add_header("authorization", f"Bearer {self.key}")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return str(answer.headers["x-request-id"])

    def _ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None


def _provider() -> web.Application:
    """Both dialects; it calls no tool, so that an agent has only the requests of a first turn."""
    openai = OpenAIService(speak=lambda _: "Hello there.", accepts_key=lambda _: True)
    anthropic = AnthropicService(speak=lambda _: "Hello there.", accepts_key=lambda _: True)

    async def handle(request: web.Request) -> web.StreamResponse:
        own = "anthropic-version" in request.headers
        body = await request.read()
        if body:
            talk = {"type": "none"} if own else "none"
            body = json.dumps({**json.loads(body), "tool_choice": talk}).encode()
        return await (anthropic if own else openai).respond(request, body)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


async def _run(agent: Agent, stack: Stack, programs: Path, folder: Path) -> Run:
    home, work = folder / "home", folder / "work"
    settings = home / ".codex"
    for path in (settings, work):
        path.mkdir(parents=True, exist_ok=True)
    fill = {"edge": stack.edge, "key": stack.key}
    environment = {
        **_plain_environment(),
        **{name: value.format(**fill) for name, value in agent.environment.items()},
        "HOME": str(home),
        "CODEX_HOME": str(settings),
    }
    (settings / "config.toml").write_text(agent.config.replace("{edge}", stack.edge))
    if agent.login:
        status, output = await _command(agent.login, programs, environment, work, stack.key)
        if status:
            raise Failed(output)
    started = time.monotonic()
    status, output = await _command(agent.command, programs, environment, work)
    seconds = time.monotonic() - started
    return Run(status, output, await stack.new_requests(), seconds)


async def _command(
    command: tuple[str, ...],
    programs: Path,
    environment: Mapping[str, str],
    work: Path,
    said: str = "",
) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(str(programs / command[0]), *command[1:]),
        cwd=work,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(said.encode()), _RUN_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return 1, f"not done after {_RUN_SECONDS} s"
    return process.returncode or 0, output.decode(errors="replace")


def _plain_environment() -> dict[str, str]:
    """Nothing that would lead an agent or the stack elsewhere."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}


def _unused_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def _until(condition: Any, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"Not within {seconds:.0f} s: {what}.")
        await asyncio.sleep(0.1)


async def _install(folder: Path) -> Path:
    """The folder of the agents' programs."""
    npm = shutil.which("npm")
    if npm is None:
        raise Failed("npm is not on the PATH; the agents need Node.js 20 or newer.")
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    process = await asyncio.create_subprocess_exec(
        *(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *wanted)
    )
    if await process.wait():
        raise Failed("npm could not install the agents.")
    return folder / "node_modules" / ".bin"


async def main() -> int:
    """0 when every bar is met."""
    with tempfile.TemporaryDirectory(prefix="watchllm-agents-") as name:
        folder, problems = Path(name), []
        programs = await _install(folder / "npm")
        print(f"{'agent':28}{'version':10}{'requests':>9}{'hits, 2nd':>11}{'1st s':>8}{'2nd s':>8}")
        async with Stack(folder) as stack:
            if not stack.refuses_web_sockets():
                problems.append("A WebSocket upgrade of /v1/responses is not answered 426.")
            for number, agent in enumerate(AGENTS):
                own = folder / f"agent-{number}"
                first = await _run(agent, stack, programs, own)
                again = await _run(agent, stack, programs, own)
                print(
                    f"{agent.name:28}{PACKAGES[agent.package]:10}{len(again.requests):9}"
                    f"{again.hits:11}{first.seconds:8.1f}{again.seconds:8.1f}",
                    flush=True,
                )
                runs = (first, again)
                problems += [f"{agent.name}: {why}" for run in runs if (why := run.problem())]
                if again.hits < len(again.requests):
                    missed = [r.get("cache") for r in again.requests]
                    problems.append(f"{agent.name}, second run: {missed}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except Failed as failure:
        sys.exit(str(failure))
