"""What this isolate keeps between requests."""

from typing import Any

from gateway.core import log, settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from hosts.cloudflare import clock
from hosts.cloudflare.steps import steps

_runtimes: list[Runtime] = []
_bindings: dict[str, bool] = {}
_MAX_ANSWER_BYTES = 16 * 2**20
"""The default of the setting on this host: an isolate has 128 MB for everything."""
_ISOLATES = 10
"""The default of ``EDGE_PROCESSES`` on this host, where nobody can count isolates."""


def runtime(env: Any) -> Runtime:
    """This isolate's runtime, built at its first request: settings come from ``env``."""
    if not _runtimes:
        log.output_to(steps().log, clock.now)
        names = set(settings.variables(DEFAULT_BASE_URLS)) - {
            "REDIS_URL"
        }  # a Worker has no sockets
        values = {name: value for name in names if (value := getattr(env, name, None))}
        values.setdefault("MAX_ANSWER_BYTES", str(_MAX_ANSWER_BYTES))
        values.setdefault("EDGE_PROCESSES", str(_ISOLATES))
        values.setdefault("BUDGETS_FAIL_CLOSED", "1")
        _runtimes.append(Runtime(settings.load(values, DEFAULT_BASE_URLS)))
    return _runtimes[0]


def has_binding(env: Any, name: str) -> bool:
    """Whether the deployment has a binding of this name."""
    known = _bindings.get(name)
    if known is None:
        known = _bindings[name] = bool(getattr(env, name, None))
    return known
