"""Ends the process at each point between two writes, one after the other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Crash(BaseException):
    """Not an Exception: no handler of ours may catch it, as none would run after a power cut."""


@contextmanager
def crash_at_point(number: int, requests: Callable[[], int]) -> Iterator[None]:
    """Die once, at point ``number`` (from 1).

    A point is before the first statement, and before each statement that follows a write or a
    request to another service. Dying between two reads leaves what dying before both leaves.
    ``requests`` counts the requests to other services.
    """
    count = 0
    changed = True
    sent = requests()

    def wrapper(
        execute: Callable[..., Any], sql: str, parameters: Any, many: Any, context: Any
    ) -> Any:
        nonlocal count, changed, sent
        if changed or requests() != sent:
            count += 1
            if count == number:
                raise Crash
        sent = requests()
        changed = not sql.startswith(("SELECT", "SAVEPOINT"))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(wrapper):
        yield


def run_through_crashes(
    work: Callable[[], None], after_crash: Callable[[], None], requests: Callable[[], int]
) -> int:
    """Run ``work`` dying at its 1st, 2nd, 3rd … point, until a run gets to its end.

    Returns how often it died.
    """
    number = 1
    while True:
        try:
            with crash_at_point(number, requests):
                work()
        except Crash:
            # Of a block without a savepoint of its own (bulk_create) Django wants the test's whole
            # transaction undone. Such a block is one statement, and that one was not sent.
            connection.needs_rollback = False
            number += 1
            after_crash()
        else:
            return number - 1
