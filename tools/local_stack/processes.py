"""Child processes: started in groups of their own, read line by line, and never left behind."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from local_stack.services import Service

_KEPT_LINES = 20
_MAX_LINE_BYTES = 1024 * 1024
_STOP_SECONDS = 4.0
_PR_SET_PDEATHSIG = 1


class Child:
    """One running service. `tail` holds its last lines."""

    def __init__(self, service: Service, process: asyncio.subprocess.Process) -> None:
        self.service = service
        self.tail: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process = process
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, service: Service, logs: Path, show: Callable[[str], None]) -> "Child":
        """Start it, copy its output to `logs` and, unless it is not `shown`, to `show`, each line
        with its name before it."""
        process = await asyncio.create_subprocess_exec(
            *service.command,
            env=_environment(service.environment),
            cwd=service.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_MAX_LINE_BYTES,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops all in order
            preexec_fn=_die_with_parent,
        )
        child = cls(service, process)
        child._reader = asyncio.create_task(child._read(logs, show))
        return child

    async def wait(self) -> int:
        """The exit status, once it has ended and all it printed is read."""
        status = await self._process.wait()
        if self._reader is not None:
            # A grandchild may hold the pipe open for longer than we want to listen.
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._reader), 1)
        return status

    async def stop(self) -> None:
        """Ask it to end; after a few seconds, and for what it left behind, do not ask."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self.wait()

    async def _read(self, logs: Path, show: Callable[[str], None]) -> None:
        assert self._process.stdout is not None  # noqa: S101 - start() asked for a pipe
        with (logs / f"{self.service.name}.log").open("a", encoding="utf-8") as log:
            while True:
                try:
                    line = await self._process.stdout.readline()
                except ValueError:
                    line = b"(a line too long to show)\n"
                if not line:
                    return
                text = line.decode("utf-8", "replace").rstrip()
                self.tail.append(text)
                log.write(text + "\n")
                log.flush()
                if self.service.shown:
                    show(f"{self.service.name:>9} | {text}")


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    # Compiled once, the second start is twice as fast.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, "PYTHONUNBUFFERED": "1", **extra}


def _load_prctl() -> Callable[[int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    with contextlib.suppress(OSError, AttributeError):
        prctl: Callable[[int, int], int] = ctypes.CDLL(None).prctl
        return prctl
    return None


_prctl = _load_prctl()  # before any fork: loading a library in the child of a thread may hang


def _die_with_parent() -> None:
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
