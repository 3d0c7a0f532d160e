"""Installing pinned packages into a folder of their own, and running programs."""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clients.problems import Failed

_INSTALL_SECONDS = 900
INSTALLERS = ("pip", "npm")


def plain_environment() -> dict[str, str]:
    """Nothing that would lead a client or the stack elsewhere."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}


class Installed:
    """Packages in folders of their own, each installed once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done: dict[str, Path] = {}

    async def folder(self, packages: Mapping[str, Sequence[str]]) -> Path:
        """The folder that holds ``packages``: one installer's name → requirements.

        Of pip it is a virtual environment, of npm the folder above ``node_modules``. Raises
        `Failed`.
        """
        ((installer, wanted),) = packages.items()
        name = f"{installer} {' '.join(wanted)}"
        if name not in self._done:
            path = self._folder / f"{installer}-{len(self._done)}"
            await (_pip if installer == "pip" else _npm)(path, wanted)
            self._done[name] = path
        return self._done[name]


def programs(folder: Path) -> Path:
    """Where the commands of an installed folder are."""
    own = folder / "bin"
    return own if own.exists() else folder / "node_modules" / ".bin"


async def _pip(folder: Path, wanted: Sequence[str]) -> None:
    await _installer(sys.executable, "-m", "venv", str(folder))
    pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet")
    await _installer(*pip, "--disable-pip-version-check", *wanted)


async def _npm(folder: Path, wanted: Sequence[str]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Failed("npm is not on the PATH; these clients need Node.js 20 or newer.")
    await _installer(
        *(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *wanted)
    )


async def _installer(*command: str) -> None:
    # The user's own environment: it may name a mirror of the package index.
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), _INSTALL_SECONDS)
    if process.returncode:
        raise Failed(f"{' '.join(command)}\n{output.decode(errors='replace')[-2000:]}")


async def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    work: Path,
    *,
    seconds: float,
    said: str = "",
) -> tuple[int, str]:
    """Exit status and output of a command; status 1 where it did not end in time."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=work,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(said.encode()), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        return 1, f"not done after {seconds:.0f} s"
    return process.returncode or 0, output.decode(errors="replace")


async def until(condition: Any, seconds: float, what: str) -> None:
    """Wait for ``condition``. Raises `Failed`, which names ``what`` did not come."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise Failed(f"Not within {seconds:.0f} s: {what}.")
        await asyncio.sleep(0.1)
