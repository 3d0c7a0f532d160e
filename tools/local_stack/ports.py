"""Ports on the loopback interface."""

import random
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from local_stack.options import StartError

_HOST = "127.0.0.1"
_REDIS_PORT = 6379
_CONNECT_SECONDS = 5.0


def check_free(ports: Mapping[str, int]) -> None:
    """Raise `StartError` naming each taken port, the variable, and a port that is free."""
    taken = {variable: port for variable, port in ports.items() if not _is_free(port)}
    if taken:
        raise StartError(
            "\n".join(
                f"Port {port} is already in use. Stop what listens there, or choose another port: "
                f"{variable}={unused_near(port + 1)} make run"
                for variable, port in taken.items()
            )
        )


def check_answers(url: str, variable: str) -> None:
    """Raise `StartError` naming the variable when nobody listens where this URL points."""
    try:
        address = urlsplit(url)
        host, port = address.hostname, address.port or _REDIS_PORT
    except ValueError:
        raise StartError(f"{variable} is not a URL") from None
    if not host:
        return  # a socket in the file system
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError as error:
        raise StartError(f"{variable}: nothing answers at {host}:{port} ({error})") from None


def unused() -> int:
    """A port nobody listens on now, for a service only its siblings need to find.

    Below those that systems give out themselves, so that nobody is given it before its service
    listens.
    """
    for _ in range(100):
        port = random.randrange(20_000, 32_768)
        if _is_free(port):
            return port
    with socket.create_server((_HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def unused_near(port: int) -> int:
    """The first free port from this one on, of a hundred: addresses of it outlive a restart."""
    below = range(port, min(port + 100, 65536))
    return next((near for near in below if _is_free(near)), None) or unused()


def _is_free(port: int) -> bool:
    try:
        socket.create_server((_HOST, port)).close()
    except OSError:
        return False
    return True
