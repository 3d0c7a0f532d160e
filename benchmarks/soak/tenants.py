"""Who the soak's customers are: what their plans allow, and how often each of them asks."""

from typing import Any

TTL_SECONDS = 300
"""Of every entry, so that the number of Redis keys comes to rest within the run."""

_UNLIMITED: dict[str, Any] = {
    "monthly_requests": None,
    "requests_per_minute": None,
    "tokens_per_minute": None,
    "concurrent_streams": None,
    "max_projects": None,
}
LIMITS: dict[str, dict[str, Any]] = {
    "first": _UNLIMITED,
    "second": _UNLIMITED,
    "third": _UNLIMITED,
    "minute": {**_UNLIMITED, "requests_per_minute": 60},
    "streams": {**_UNLIMITED, "concurrent_streams": 3},
    "quota": {**_UNLIMITED, "monthly_requests": 150},
}
WEIGHTS = {"first": 5, "second": 3, "third": 2, "minute": 2, "streams": 1, "quota": 1}
"""Shares of the traffic. `minute` asks about twice as often as it may at 12 requests a second."""
