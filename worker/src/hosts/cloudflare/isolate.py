"""What this isolate keeps between requests."""

from typing import Any

from gateway.core import settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS

_runtimes: list[Runtime] = []
_MAX_ANSWER_BYTES = 16 * 2**20
"""The default of the setting on this host: an isolate has 128 MB for everything."""
_ISOLATES = 10
"""The default of ``EDGE_PROCESSES`` on this host, where nobody can count isolates."""


def runtime(env: Any) -> Runtime:
    """This isolate's runtime, built at its first request: settings come from ``env``."""
    if not _runtimes:
        names = set(settings.variables(DEFAULT_BASE_URLS)) - {
            "REDIS_URL"
        }  # a Worker has no sockets
        values = {name: value for name in names if (value := getattr(env, name, None))}
        values.setdefault("MAX_ANSWER_BYTES", str(_MAX_ANSWER_BYTES))
        values.setdefault("EDGE_PROCESSES", str(_ISOLATES))
        values.setdefault("BUDGETS_FAIL_CLOSED", "1")
        _runtimes.append(Runtime(settings.load(values, DEFAULT_BASE_URLS)))
    return _runtimes[0]
