"""A sealed value that a reply of Redis holds, opened in the same step as asking for it.

Where each await by itself costs more than its work, as in a Worker, the host does both at once.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Sealed(NamedTuple):
    """What a command's reply may hold: text of a head, a colon and, in base64, what ``seal`` made
    under ``key`` with the additional data ``<name>\\n<head>``. ``at``: its place in the reply.
    """

    name: str
    key: bytes
    at: tuple[int, ...]


class Opener(Protocol):
    """A host's way to ask and open in one step."""

    async def call_and_open(
        self,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str,
        sealed: Sealed,
        *,
        timeout: float,
    ) -> tuple[int, str, str | None]:
        """``Platform.call`` of a POST whose answer has its ``result`` in a JSON object: status,
        text, and what was sealed, opened. Then the text may lack all that stood behind the head's
        colon. ``None``: there is nothing, or it does not open; the text is whole.
        """


class Opened(str):
    """The head of a ``Sealed`` value in a reply, instead of all of it; ``payload``: what was sealed
    behind it."""

    __slots__ = ("payload",)
    payload: str

    def __new__(cls, head: str, payload: str) -> "Opened":
        self = super().__new__(cls, head)
        self.payload = payload
        return self
