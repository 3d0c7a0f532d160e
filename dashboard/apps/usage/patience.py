"""Stopping the database when a question costs more than a page may wait."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

_TIMEOUT_MS = 3_000
_CANCELED = "57014"


class TooSlowError(Exception):
    """The database was stopped: what was asked for is a little of very much."""


@contextmanager
def patience() -> Iterator[None]:
    """Queries inside take at most 3 s on PostgreSQL. Raises ``TooSlowError``."""
    if connection.vendor != "postgresql":
        yield
        return
    try:
        with transaction.atomic():
            with connection.cursor() as database:
                database.execute(f"SET LOCAL statement_timeout = {_TIMEOUT_MS:d}")
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _CANCELED:
            raise TooSlowError from error
        raise
