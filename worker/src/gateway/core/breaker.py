"""Circuit breaker: a service that fails is not asked for a while."""

from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """Stops asking a failing service for a while, per isolate or process.

    Opens after ``threshold`` failures in a row, for ``cooldown`` seconds; then one request at a
    time may try again. Where nobody came to try for as long again, the failures are old news:
    everybody may ask, and the next failure opens it.
    """

    threshold: int = 1
    cooldown: float = 2.0
    failures: int = 0
    open_until: float = 0.0
    is_tried: bool = False
    """A request that was let through is not answered yet."""

    def try_acquire(self, now: float) -> bool:
        """True when the service may be asked. Past the cooldown this takes the right to try it, so
        that only one caller does."""
        if self.failures < self.threshold:
            return True
        if now < self.open_until:
            return False
        if now >= self.open_until + self.cooldown and not self.is_tried:
            self.failures = self.threshold - 1
            return True
        self.is_tried = True
        self.open_until = now + self.cooldown
        return True

    def state(self, now: float) -> str:
        """``closed`` (asked as usual), ``open``, or ``half-open``: the next caller tries."""
        if self.failures < self.threshold:
            return "closed"
        return "open" if now < self.open_until else "half-open"

    def succeeded(self) -> None:
        """The service answered."""
        self.failures = 0
        self.is_tried = False

    def failed(self, now: float) -> None:
        """The service did not answer, or answered with a fault of its own."""
        self.failures += 1
        self.is_tried = False
        self.open_until = now + self.cooldown
