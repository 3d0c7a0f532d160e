"""Not asking a service that fails, for a while."""

from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """Stops asking a failing service for a while, per isolate or process.

    Opens after ``threshold`` failures in a row, for ``cooldown`` seconds; then one request at a
    time may try again.
    """

    threshold: int = 1
    cooldown: float = 2.0
    failures: int = 0
    open_until: float = 0.0
    probed_until: float = 0.0

    def allows(self, now: float) -> bool:
        """True when the service may be asked. Past the cooldown, one caller is let through."""
        if self.failures < self.threshold:
            return True
        if now < self.open_until:
            return False
        self.open_until = now + self.cooldown
        return True

    def state(self, now: float) -> str:
        """``closed`` (asked as usual), ``open``, or ``half-open``: the next caller tries."""
        if self.failures < self.threshold:
            return "closed"
        return "open" if now < self.open_until else "half-open"

    def is_probed(self, now: float) -> bool:
        """True while a background task probes whether the service is back."""
        return now < self.probed_until

    def probe_until(self, until: float) -> None:
        """Keep callers away until then, while this one probes the service."""
        self.probed_until = self.open_until = until

    def succeeded(self) -> None:
        """The service answered."""
        self.failures = 0
        self.probed_until = 0.0

    def failed(self, now: float) -> None:
        """The service did not answer, or answered with a fault of its own."""
        self.failures += 1
        self.open_until = max(now + self.cooldown, self.probed_until)
