"""Identical requests within one process: later ones wait for the first. The lock in Redis does this
across processes (``admission.single_flight``); this works while Redis is away, too. A flight is
plain data that waiting requests look at repeatedly: on Cloudflare a request must not await another
request's promise.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.core.platform import Platform

Answer = TypeVar("Answer")
MOST_LEADERS = 2
"""A leader's answer may be of no use to others (an error, a cut stream). Its followers then share a
second leader. After that each sends its own request to the provider; otherwise the last one would
wait for all others in turn."""
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1
_SWEPT_ABOVE = 1_000
_OLD_SECONDS = 600.0


@dataclass(slots=True)
class Flight(Generic[Answer]):
    """``began``: monotonic. ``beats``: its leader counts them up while it works. ``asks``: its
    leader has asked the provider; until then it may be waiting for a leader in another process.
    ``answer``: the entry for others, once the flight has ended with one.
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
        """Become the leader, also in place of one that is gone. A leader has to call ``end``."""
        if len(self._flying) >= _SWEPT_ABOVE:
            self._drop_older(now - _OLD_SECONDS)
        flight = self._flying[project_id, key] = Flight(now)
        return flight

    def end(self, project_id: str, key: str, flight: Flight[Answer], answer: Answer | None) -> None:
        """End the flight for those who wait; later requests find the answer in Redis, or ask
        again."""
        flight.has_ended, flight.answer = True, answer
        if self._flying.get((project_id, key)) is flight:
            del self._flying[project_id, key]

    def forget(self, project_id: str) -> None:
        """After a purge: new requests no longer join flights that began before it. Requests that
        already wait still get the answer."""
        for place in [place for place in self._flying if place[0] == project_id]:
            del self._flying[place]

    def _drop_older(self, before: float) -> None:
        """Drop flights that began before ``before``: their leaders are presumed gone, as Cloudflare
        may end one. Requests that already wait for one still get its answer."""
        for place in [place for place, flight in self._flying.items() if flight.began < before]:
            del self._flying[place]


async def answer_of_leader(
    platform: Platform, flight: Flight[Answer], lease: float
) -> Answer | None:
    """Wait for the leader's answer; ``None``: it has none for others, or is gone.

    A leader without a beat for ``lease`` seconds is gone. The seconds are the sum of this request's
    own pauses, so that a process that was stopped for a while does not take its leaders for gone.
    """
    pause, silence, beats = _FIRST_PAUSE, 0.0, flight.beats
    while not flight.has_ended and silence < lease:
        await platform.sleep(pause)
        silence = silence + pause if flight.beats == beats else 0.0
        beats = flight.beats
        pause = min(_LONGEST_PAUSE, pause * 1.5)
    return flight.answer
