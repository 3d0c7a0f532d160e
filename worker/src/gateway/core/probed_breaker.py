"""The circuit breaker of a service that every request asks: Redis, as one process sees it. It
differs from ``breaker.Breaker`` in three ways. It opens only when at least three answers, and half
of those of the last second, failed. No request has to try whether the service is back: a probe in
the background does, and closes the breaker. While the service is in doubt, requests wait for a
multiple of its usual answer time instead of the whole limit.

This module only counts; ``redis.store`` sends the commands and the probes.
"""

from dataclasses import dataclass

_HALF_WINDOW = 0.5  # seconds
_IN_DOUBT_SECONDS = 1.0
_OF_THE_USUAL = 3.0
_RELAPSE_SECONDS = 10.0
_MOST_PROBES_TO_CLOSE = 16


@dataclass(slots=True)
class ProbedBreaker:
    """``least``: failures that open it, where they are at least ``share`` of a second's answers.

    ``shortest``: seconds that any answer is waited for, also in doubt.
    """

    least: int = 3
    share: float = 0.5
    shortest: float = 0.05
    is_open: bool = False
    probed_until: float = 0.0
    _usual: float = 0.0
    _failing: bool = False
    _doubt_until: float = 0.0
    _half_began: float = 0.0
    _good: int = 0
    _bad: int = 0
    _good_before: int = 0
    _bad_before: int = 0
    _closed_at: float = float("-inf")
    _probes_to_close: int = 1
    _probes_answered: int = 0

    def state(self, now: float) -> str:  # noqa: ARG002 (the other breakers' depends on the time)
        """``closed`` (asked as usual) or ``open`` (not asked; a probe looks whether it is back)."""
        return "open" if self.is_open else "closed"

    def limit(self, longest: float, now: float) -> float:
        """How long to wait for an answer: ``longest`` seconds, or less while the service is in
        doubt (its last answer failed, or the breaker has just closed)."""
        if not self._failing and now >= self._doubt_until:
            return longest
        return min(longest, max(self.shortest, _OF_THE_USUAL * self._usual))

    def succeeded(self, now: float, took: float) -> None:
        """The service answered after ``took`` seconds."""
        self._turn(now)
        self._good += 1
        self._failing = False
        self._usual += (took - self._usual) / 8

    def failed(self, now: float) -> None:
        """The service did not answer in time, or answered with a fault of its own."""
        self._turn(now)
        self._bad += 1
        self._failing = True
        bad = self._bad + self._bad_before
        if not self.is_open and bad >= self.least:
            self.is_open = bad >= self.share * (bad + self._good + self._good_before)
            if self.is_open:
                relapsed = now - self._closed_at < _RELAPSE_SECONDS
                needed = 2 * self._probes_to_close if relapsed else 1
                self._probes_to_close = min(needed, _MOST_PROBES_TO_CLOSE)

    def is_probed(self, now: float) -> bool:
        """True while a background task probes whether the service is back."""
        return now < self.probed_until

    def probe_failed(self, now: float) -> None:
        """A probe was not answered."""
        self._probes_answered = 0
        self.failed(now)

    def probe_answered(self, now: float, took: float) -> bool:
        """A probe was answered after ``took`` seconds, which is what requests then wait a multiple
        of. True when probing is over: the breaker is closed.

        One answered probe closes it. If it opens again within seconds, the next closing needs twice
        as many: a service that answers probes and no commands would make requests wait each time.
        """
        self._probes_answered += 1
        self._usual = max(self._usual, took)
        if self.is_open and self._probes_answered < self._probes_to_close:
            return False
        self._probes_answered = 0
        self.probed_until = 0.0
        if self.is_open:
            self.is_open = self._failing = False
            self._good = self._bad = self._good_before = self._bad_before = 0
            self._closed_at, self._doubt_until = now, now + _IN_DOUBT_SECONDS
        return True

    def _turn(self, now: float) -> None:
        """Forget what is older than the window. It is counted in two halves; the older one goes."""
        age = now - self._half_began
        if age < _HALF_WINDOW:
            return
        recent = age < 2 * _HALF_WINDOW
        self._good_before, self._bad_before = (self._good, self._bad) if recent else (0, 0)
        self._good = self._bad = 0
        self._half_began = now
