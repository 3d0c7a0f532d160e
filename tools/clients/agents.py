"""Coding agents: is a second, equal run answered from the cache, and does it start in time?"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clients import programs
from clients.problems import Failed
from clients.programs import Installed
from clients.report import Result
from clients.stack import Stack

_DATA = Path(__file__).with_name("agents.json")
_RUN_SECONDS = 180
_START_BAR = 1.0
"""Seconds by which a run through the edge may be longer than one straight to the provider."""
_NO_SOCKET = "failed to connect to Responses WebSocket"
"""What Codex logs for a WebSocket that it was refused; once a session, unless it tries again."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One way to set up an agent. Every text may hold ``{edge}``, ``{key}`` and ``{home}``.

    ``files``: lines of what it reads from its home. ``login``: a command that gets the key on its
    standard input. ``also_direct``: its start is compared with that of a run straight to the
    provider. ``beside``: paths of requests that are no questions.
    """

    name: str
    packages: Mapping[str, Sequence[str]]
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    login: Sequence[str] = ()
    also_direct: bool = False
    beside: Sequence[str] = ("/v1/models",)


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
            return f"requests: {wrong or 'none'}\n{self.output[-500:]}"
        if "Reconnecting" in self.output or self.output.count(_NO_SOCKET) > 1:
            return "it tried to connect again"
        return None


def every() -> list[Agent]:
    """What `agents.json` holds."""
    return [Agent(**given) for given in json.loads(_DATA.read_text())]


async def tried(agent: Agent, stack: Stack, installed: Installed, folder: Path) -> Result:
    """Two runs from one folder, and one past the edge where its start is compared."""
    commands = programs.programs(await installed.folder(agent.packages))
    stack.calls_tools = False  # an agent then has only the requests of a first turn
    first = await _run(agent, stack, commands, folder, stack.edge)
    again = await _run(agent, stack, commands, folder, stack.edge)
    problems = [why for run in (first, again) if (why := run.problem())]
    if again.hits < len(again.requests):
        missed = [r.get("bypass") or r.get("cache") for r in again.requests]
        problems.append(f"second run: {missed}")
    told = (
        f"{again.hits} of {len(again.requests)} hits, {first.seconds:.1f} s, {again.seconds:.1f} s"
    )
    if agent.also_direct:
        # The best of two: a busy machine makes any run longer, and none shorter.
        direct = min([await _seconds(agent, stack, commands, folder) for _ in range(2)])
        late = again.seconds - direct
        told += f", {late:+.1f} s beside direct"
        if late > _START_BAR:
            problems.append(f"a hit takes {late:.1f} s longer than a direct connection")
    return Result(agent.name, agent.packages, told, problems)


async def _seconds(agent: Agent, stack: Stack, commands: Path, folder: Path) -> float:
    run = await _run(agent, stack, commands, folder, stack.direct)
    if run.status:
        raise Failed(f"{agent.name}, straight to the provider: {run.output[-500:]}")
    return run.seconds


async def _run(agent: Agent, stack: Stack, commands: Path, folder: Path, edge: str) -> Run:
    home, work = folder / "home", folder / "work"
    for path in (home, work):
        path.mkdir(parents=True, exist_ok=True)
    fill = {"edge": edge, "key": stack.key, "home": str(home)}
    environment = programs.plain_environment() | {
        "HOME": str(home),
        **{name: filled(value, fill) for name, value in agent.environment.items()},
    }
    for name, lines in agent.files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(filled("\n".join(lines), fill) + "\n")
    for command, said in _commands(agent, stack.key):
        whole = [str(commands / command[0]), *(filled(word, fill) for word in command[1:])]
        started = time.monotonic()
        status, output = await programs.run(
            whole, environment, work, seconds=_RUN_SECONDS, said=said
        )
        if status:
            break
    seconds = time.monotonic() - started
    logged = await stack.new_requests()
    asked = [request for request in logged if request["endpoint"] not in agent.beside]
    return Run(status, output, asked, seconds)


def _commands(agent: Agent, key: str) -> Iterator[tuple[Sequence[str], str]]:
    if agent.login:
        yield agent.login, key
    yield agent.command, ""


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with ``{name}`` replaced; other braces stay."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
