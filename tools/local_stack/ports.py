"""Ports on the loopback interface."""

import socket
from collections.abc import Mapping

from local_stack.options import StartError

_HOST = "127.0.0.1"


def check_free(ports: Mapping[str, int]) -> None:
    """Raise `StartError` naming each taken port and the variable that chooses another."""
    taken = {variable: port for variable, port in ports.items() if not _is_free(port)}
    if taken:
        raise StartError(
            "\n".join(
                f"Port {port} is already in use. Stop what listens there, or choose another port: "
                f"{variable}={port + 1} make run"
                for variable, port in taken.items()
            )
        )


def unused() -> int:
    """A port nobody listens on now, for a service only its siblings need to find."""
    with socket.create_server((_HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def unused_near(port: int) -> int:
    """The first free port from this one on, of a hundred: addresses of it outlive a restart."""
    return next((near for near in range(port, port + 100) if _is_free(near)), None) or unused()


def _is_free(port: int) -> bool:
    try:
        socket.create_server((_HOST, port)).close()
    except OSError:
        return False
    return True
