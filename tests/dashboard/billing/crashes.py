"""Letting the process die between any two of its statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Crash(BaseException):
    """Not an Exception: no handler of ours may survive it, as none survives a power cut."""


@contextmanager
def crash_before_statement(number: int) -> Iterator[None]:
    """Die once, when statement ``number`` (from 1) is about to be sent to the database."""
    count = 0

    def wrapper(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            raise Crash
        return execute(*arguments)

    with connection.execute_wrapper(wrapper):
        yield


def run_through_crashes(work: Callable[[], None], after_crash: Callable[[], None]) -> int:
    """Run ``work`` dying before its 1st, 2nd, 3rd … statement, until a run gets to its end.

    Returns how often it died.
    """
    number = 1
    while True:
        try:
            with crash_before_statement(number):
                work()
        except Crash:
            # Of a block without a savepoint of its own (bulk_create) Django wants the test's whole
            # transaction undone. Such a block is one statement, and that one was not sent.
            connection.needs_rollback = False
            number += 1
            after_crash()
        else:
            return number - 1
