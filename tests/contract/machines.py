"""Real processes of the dashboard, several at a time, on one database."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from config import REPOSITORY
from local_stack import ports
from tests.worker.edge import until

_ROOT = Path(REPOSITORY)
_DASHBOARD = _ROOT / "dashboard"
_SECONDS = 240.0
"""To start, on a machine that is busy with other things."""


@dataclass
class Machines:
    """Starts processes with ``environment`` and ends them with the block; ``folder`` has their
    output.
    """

    environment: Mapping[str, str]
    folder: Path
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def serve(self) -> str:
        """A web server; its base URL once it answers."""
        url = f"http://127.0.0.1:{ports.unused()}"
        process = self._start(
            *("-m", "gunicorn", "--config", "python:config.web_server"),
            *("--bind", url.removeprefix("http://")),
        )

        def up() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"the server did not start:\n{self.output()}")
            return _answers(f"{url}/healthz")

        until(up, "a web server", _SECONDS, every=0.1)
        return url

    def tick(self, *, every: float) -> None:
        """``manage.py tick``, again and again."""
        self._start(str(_DASHBOARD / "manage.py"), "tick", "--every", str(every))

    def kill(self) -> None:
        """Kill every process at once."""
        for process in self._processes:
            # The whole group: a server has workers, which would live on without it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def output(self) -> str:
        """What they all have said."""
        return "".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(list(self.folder.glob('*.log')))}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=_DASHBOARD,
                env={"PATH": os.environ["PATH"], **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process


def python_path() -> str:
    """For processes of the dashboard and of these tests' settings."""
    folders = (_ROOT / "shared" / "src", _DASHBOARD, _ROOT)
    return os.pathsep.join(map(str, folders))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
