"""What this process remembers of providers between requests."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.breaker import Breaker
from gateway.providers.sticky_keys import REFUSED_SECONDS

_MOST_REMEMBERED = 10_000
"""Entries of a memory whose keys come from requests."""


@dataclass(slots=True)
class ProviderMemory:
    """Plain data. ``opened_keys``: provider keys in clear, by envelope and what it is bound to."""

    opened_keys: dict[tuple[str, bytes], str] = field(default_factory=dict, repr=False)
    _breakers: dict[tuple[str, str, str, str], Breaker] = field(default_factory=dict)
    _usage_refused: set[tuple[str, str, str, str]] = field(default_factory=set)
    _keys_refused: dict[str, float] = field(default_factory=dict)

    def breaker(self, project_id: str, name: str, endpoint: str, model: str) -> Breaker:
        """Opens after five failures in a row: one bad answer says little about a provider.

        One for each project, because keys and base URLs are its own, and within it for each
        endpoint and model: one that fails must not keep the project from the others.
        """
        place = (project_id, name, endpoint, model)
        breaker = self._breakers.pop(place, None) or Breaker(threshold=5, cooldown=5.0)
        if len(self._breakers) >= _MOST_REMEMBERED:
            del self._breakers[next(iter(self._breakers))]
        self._breakers[place] = breaker
        return breaker

    def refuses_usage(self, place: tuple[str, str, str, str]) -> bool:
        """Whether ``stream_options`` were refused at this project, provider, base URL and model."""
        return place in self._usage_refused

    def usage_was_refused(self, place: tuple[str, str, str, str]) -> None:
        """Remember it: the next request there does not ask for usage."""
        if len(self._usage_refused) >= _MOST_REMEMBERED:
            self._usage_refused.clear()
        self._usage_refused.add(place)

    def key_was_refused(self, key_id: str, now: float) -> None:
        """Remember it for ``REFUSED_SECONDS``. ``now``: of the monotonic clock."""
        if len(self._keys_refused) >= _MOST_REMEMBERED:
            self._keys_refused.clear()
        self._keys_refused[key_id] = now + REFUSED_SECONDS

    def key_is_refused(self, key_id: str, now: float) -> bool:
        """Whether the provider refused this key a moment ago."""
        return self._keys_refused.get(key_id, now) > now

    def open_providers(self, now: float) -> Mapping[str, int]:
        """For how many projects each provider is not being asked at the moment."""
        closed = {
            (project, name)
            for (project, name, _, _), breaker in self._breakers.items()
            if breaker.state(now) == "open"
        }
        return Counter(name for _, name in closed)
