"""Running Django in this process on another database than the one pytest-django made."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connections

from config.settings.database import database


@contextmanager
def default_database(url: str) -> Iterator[None]:
    """Django's default connection goes to ``url`` until the block ends.

    Threads started inside it (a live server's) find the same database.
    """
    previous_config = connections.databases["default"]
    previous = connections["default"]
    config = database(url)
    # What Django fills in at start for the databases it knows of from the settings.
    for name, value in previous_config.items():
        config.setdefault(name, value)
    # A test drops its cluster at the end: no connection may outlive the thread that uses it.
    config["CONN_MAX_AGE"] = 0
    connections.databases["default"] = config
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.databases["default"] = previous_config
        connections["default"] = previous


def migrate(url: str) -> None:
    """Make today's tables there, or what is missing of them."""
    with default_database(url):
        call_command("migrate", verbosity=0)
