"""SDKs and frameworks: what each makes of a miss, of a hit, of a stream, of tools, of an error.

A driver is a program that reads one JSON object a line, ``{"case": …, "text": …}``, and answers
each with a line: a mark, then ``{"said": …}`` with all that its client made of the answer, or
``{"error": …, "status": …}`` with the name of the exception.
"""

import asyncio
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients import programs
from clients.problems import Failed
from clients.programs import Installed
from clients.report import Result
from clients.stack import Stack

_DATA = Path(__file__).with_name("sdks.json")
_DRIVERS = Path(__file__).with_name("drivers")
_ANSWER_SECONDS = 120
MARK = "\x1e"
_QUESTIONS = ("plain", "stream", "tools")
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Sdk:
    """``but``: members that the client makes up anew for each answer."""

    name: str
    packages: Mapping[str, Sequence[str]]
    driver: str
    but: Sequence[str] = ()


def every() -> list[Sdk]:
    """What `sdks.json` holds."""
    return [Sdk(**given) for given in json.loads(_DATA.read_text())]


async def tried(sdk: Sdk, stack: Stack, installed: Installed, folder: Path) -> Result:
    """Every case once."""
    packages = await installed.folder(sdk.packages)
    stack.calls_tools = True
    problems: dict[str, str] = {}
    async with _Driver(_command(sdk, packages), stack, folder) as driver:
        for question in _QUESTIONS:
            said = []
            for case, cache in ((f"{question} miss", "MISS"), (f"{question} hit", "HIT")):
                answer = await driver.ask(question, f"Say something about {sdk.name}, {question}.")
                said.append(_without(answer.get("said"), sdk.but))
                caches = [
                    request.get("bypass") or request.get("cache")
                    for request in await stack.new_requests()
                ]
                if "said" not in answer or set(caches) != {cache}:
                    problems[case] = f"{caches} {answer.get('error')} {answer.get('text')}"
            if said[0] != said[1]:
                problems[f"{question} hit"] = f"differs: {next(_differences(*said), '')}"
        answer = await driver.ask("error", "Say something.")
        await stack.new_requests()
        if answer.get("status") != _NOT_FOUND:
            problems["error"] = str(answer)
    cases = 2 * len(_QUESTIONS) + 1
    told = f"{cases - len(problems)} of {cases} cases"
    return Result(sdk.name, sdk.packages, told, [f"{n}: {why}" for n, why in problems.items()])


def _command(sdk: Sdk, packages: Path) -> tuple[str, ...]:
    if sdk.driver.endswith(".py"):
        return str(packages / "bin" / "python"), str(_DRIVERS / "python" / sdk.driver)
    # Node looks for packages above the program, not above the folder that it runs in.
    own = packages / "node_modules" / ".drivers"
    shutil.copytree(_DRIVERS / "node", own, dirs_exist_ok=True)
    return "node", str(own / sdk.driver)


class _Driver:
    """A running driver."""

    def __init__(self, command: tuple[str, ...], stack: Stack, folder: Path) -> None:
        self._command = command
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._environment = programs.plain_environment() | {
            "WATCHLLM_EDGE": stack.edge,
            "WATCHLLM_API_KEY": stack.key,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process: asyncio.subprocess.Process | None = None
        self._heard: list[str] = []

    async def __aenter__(self) -> "_Driver":
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=16 * 1024 * 1024,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def ask(self, case: str, text: str) -> dict[str, Any]:
        """The driver's answer. Raises `Failed` when there is none."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise Failed("the driver does not run")
        process.stdin.write(json.dumps({"case": case, "text": text}).encode() + b"\n")
        await process.stdin.drain()
        while line := await asyncio.wait_for(process.stdout.readline(), _ANSWER_SECONDS):
            told = line.decode(errors="replace")
            if told.startswith(MARK):
                answer: dict[str, Any] = json.loads(told.removeprefix(MARK))
                return answer
            self._heard.append(told)
        raise Failed(f"the driver ended:\n{''.join(self._heard)[-2000:]}")


def _without(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(item, names) for name, item in value.items() if name not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


def _differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            yield from _differences(one.get(name), other.get(name), f"{where}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _differences(mine, theirs, f"{where}[{index}]")
    elif one != other:
        yield f"{where}: {one!r} became {other!r}"
