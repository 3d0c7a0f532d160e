"""A time limit for a page's database queries."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

_TIMEOUT_MS = 3_000
_CANCELED = "57014"


class TooSlowError(Exception):
    """A query took too long and was cancelled; a narrower filter may help."""


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
