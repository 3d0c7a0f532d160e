"""A real PostgreSQL for the length of a test session: a throw-away cluster on a Unix socket.

The binaries come from PATH or from Debian's versioned folders. PostgreSQL refuses to run as root,
so there it runs as ``nobody``. ``fsync`` is off: nothing here must survive a power cut.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SUPERUSER = "postgres"
_UNPRIVILEGED = "nobody"


class PostgresMissingError(RuntimeError):
    """No PostgreSQL server is installed on this machine."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """``socket_dir`` is libpq's ``host``; there is no TCP listener at all.

    ``stop`` ends its connections and then the server, so that nothing committed is lost without
    ``fsync``; ``start`` begins it again on its data.
    """

    socket_dir: Path
    start: Callable[[], None]
    stop: Callable[[], None]
    port: int = 5432

    def url(self, database: str, user: str = SUPERUSER) -> str:
        """A DATABASE_URL; a socket's folder is given as libpq's ``host`` parameter."""
        return f"postgres://{user}@/{database}?host={self.socket_dir}&port={self.port}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Starts a cluster and removes it at the end. Raises ``PostgresMissingError``."""
    binaries = _binaries()
    # Not pytest's tmp_path: a socket's path may have 107 bytes, and nobody must reach it.
    folder = Path(tempfile.mkdtemp(prefix="wl-pg-"))
    as_user = {"user": _UNPRIVILEGED} if os.geteuid() == 0 else {}
    if as_user:
        shutil.chown(folder, _UNPRIVILEGED)
    data = folder / "data"

    def run(*command: str) -> None:
        # Its own cwd: the server's user may not enter ours.
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=folder, **as_user
        )
        if done.returncode:
            log = folder / "log"
            raise RuntimeError(
                f"{command[0]} failed: {done.stderr}{log.read_text() if log.exists() else ''}"
            )

    try:
        run(
            str(binaries / "initdb"),
            *("-D", str(data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync"),
            "--locale=C",
        )
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        options += " -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB"
        control = (str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"))
        # pg_ctl's server inherits our pipes and would keep them open: its output goes to the log.

        def start() -> None:
            run(*control, "-o", options, "start")

        def stop() -> None:
            run(*control, "-m", "fast", "stop")

        start()
        try:
            yield Cluster(folder, start, stop)
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else []
    # The newest of Debian's versions.
    candidates += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )[::-1]
    for candidate in candidates:
        if all((candidate / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return candidate
    raise PostgresMissingError(
        "PostgreSQL's server binaries are not installed (Debian: apt-get install postgresql)"
    )
