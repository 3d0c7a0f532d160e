"""The interface between the REST API and whatever keeps the data."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Command: TypeAlias = list[bytes]
"""A Redis command: its name and its arguments, as bytes."""

Reply: TypeAlias = int | bytes | list[Any] | None
"""A RESP2 reply; a list holds replies again. Status and bulk strings are both bytes: REST answers
them alike."""


class CommandError(Exception):
    """Redis refused one command. `str()` is Redis' own text, its code word included."""


Outcome: TypeAlias = Reply | CommandError
"""What became of one command among several."""


class StoreUnavailableError(Exception):
    """The store cannot be reached; nothing is known about the command's outcome."""


class Store(Protocol):
    """Runs commands. Any method may raise `StoreUnavailableError`."""

    async def execute(self, command: Command) -> Reply:
        """Run one command; raises `CommandError` when Redis refuses it."""

    async def pipeline(self, commands: Sequence[Command]) -> list[Outcome]:
        """Run commands in order, not atomically; a refused command is an item of the answer."""

    async def transaction(self, commands: Sequence[Command]) -> list[Outcome]:
        """Run commands between MULTI and EXEC; raises `CommandError` when all was discarded."""

    async def close(self) -> None:
        """Release connections and write what is not yet on disk."""
