"""Identical requests that one process is answering: who comes later waits for the first.

The lock in Redis does this across processes (``admission.single_flight``). This does it within one,
whatever Redis does. Plain data that is looked at again and again: on Cloudflare a request must not
await another request's promise.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.core.platform import Platform

Answer = TypeVar("Answer")
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1
_MOST_FORGOTTEN = 1_000
_FORGOTTEN_SECONDS = 600.0


@dataclass(slots=True)
class Flight(Generic[Answer]):
    """``began``: monotonic. ``beats``: counted up by its leader for as long as it works.

    ``asks``: its leader asks the provider; before that it waits itself, for another process's.
    ``answer``: what may be given to others, once it has ended with such an answer.
    """

    began: float
    asks: bool = False
    beats: int = 0
    has_ended: bool = False
    answer: Answer | None = None


@dataclass(slots=True)
class Flights(Generic[Answer]):
    """By project and exact key."""

    _flying: dict[tuple[str, str], Flight[Answer]] = field(default_factory=dict)

    def find(self, project_id: str, key: str) -> Flight[Answer] | None:
        """The flight of a request that is being answered already."""
        return self._flying.get((project_id, key))

    def begin(self, project_id: str, key: str, now: float) -> Flight[Answer]:
        """Lead, in place of a leader that is gone. Whoever leads calls ``end``."""
        if len(self._flying) >= _MOST_FORGOTTEN:
            self._forget(now - _FORGOTTEN_SECONDS)
        flight = self._flying[project_id, key] = Flight(now)
        return flight

    def end(self, project_id: str, key: str, flight: Flight[Answer], answer: Answer | None) -> None:
        """Tell who waits; later requests find the answer in Redis, or ask again."""
        flight.has_ended, flight.answer = True, answer
        if self._flying.get((project_id, key)) is flight:
            del self._flying[project_id, key]

    def forget(self, project_id: str) -> None:
        """After a purge: no request waits any more for an answer that was asked for before it."""
        for place in [place for place in self._flying if place[0] == project_id]:
            del self._flying[place]

    def _forget(self, before: float) -> None:
        """Drop what its leader cannot end any more: Cloudflare ended it, and nobody asked since."""
        for place in [place for place, flight in self._flying.items() if flight.began < before]:
            del self._flying[place]


async def landed(platform: Platform, flight: Flight[Answer], lease: float) -> Answer | None:
    """Wait for the leader's answer; ``None``: it has none for others, or is gone.

    It is gone when nothing was heard of it for ``lease`` seconds. Those are counted by this
    request's own pauses: a process that stands still for seconds has not lost its leaders.
    """
    pause, silence, beats = _FIRST_PAUSE, 0.0, flight.beats
    while not flight.has_ended and silence < lease:
        await platform.sleep(pause)
        silence = silence + pause if flight.beats == beats else 0.0
        beats = flight.beats
        pause = min(_LONGEST_PAUSE, pause * 1.5)
    return flight.answer
