"""``GET /metrics``: what this edge did, for Prometheus, over all processes that share a folder.

An edge is several processes behind one port (the server's workers, and for each of them one that
serves large bodies), and a scrape reaches any one of them. So each writes its values into
``PROMETHEUS_MULTIPROC_DIR``, and the one that is asked adds them up: prometheus_client's
multiprocess mode, which looks for the variable when it is imported. That mode loses ``Info``,
``Enum`` and gauges with a function without a word: what may change between requests is a plain
gauge here, set every few seconds.

Labels have few values and name no tenant, model or key. Without ``METRICS_TOKEN`` this module is
not imported.
"""

import asyncio
import hmac
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from gateway import app as application
from gateway.core import errors
from gateway.core.http import Live, Response
from gateway.pipeline.runtime import Runtime
from shared.usage_events import UsageEvent
from shared.version import VERSION

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_REFRESH_SECONDS = 5.0
_PID = re.compile(r"gauge_live\w*_(\d+)\.db\Z")
_ONE_MODEL = "/v1/models/{model}"

# In no registry: MultiProcessCollector reads them from the folder, and would count them twice.
_responses = Counter(
    "watchllm_http_responses", "All responses, by status.", ["status"], registry=None
)
_requests = Counter(
    "watchllm_requests",
    "Requests of known keys; verdict: what the cache did (REFUSED: not asked for).",
    ["endpoint", "verdict", "status", "provider"],
    registry=None,
)
_latency = Histogram(
    "watchllm_request_seconds",
    "From a request's arrival to the end of its answer.",
    ["endpoint", "verdict"],
    buckets=_SECONDS,
    registry=None,
)
_upstream = Histogram(
    "watchllm_upstream_seconds",
    "From asking the first provider to the end of its answer.",
    ["provider"],
    buckets=_SECONDS,
    registry=None,
)
_tokens = Counter(
    "watchllm_tokens", "Tokens of answers, as providers count.", ["kind", "hit"], registry=None
)
_cost = Counter(
    "watchllm_cost_dollars", "What providers charged, known prices only.", registry=None
)
_saved = Counter("watchllm_saved_dollars", "What hits would have cost.", registry=None)
_lost = Counter(
    "watchllm_usage_rows_lost", "Usage rows for which there was no room.", registry=None
)
_open = Gauge(
    "watchllm_open_requests",
    "Requests that are being answered; kind: stream or whole.",
    ["kind"],
    multiprocess_mode="livesum",
    registry=None,
)
_waiting = Gauge(
    "watchllm_usage_rows_waiting",
    "Usage rows in the memory of processes, stored nowhere else yet.",
    multiprocess_mode="livesum",
    registry=None,
)
_breakers = Gauge(
    "watchllm_breaker_open",
    "In how many processes a service failed and is not asked for a moment.",
    ["service"],
    multiprocess_mode="livesum",
    registry=None,
)
_providers = Gauge(
    "watchllm_provider_breakers_open",
    "For how many projects a provider is not asked for a moment, over all processes.",
    ["provider"],
    multiprocess_mode="livesum",
    registry=None,
)
_build = Gauge(
    "watchllm_build_info",
    "1; the labels say what runs.",
    ["version", "release"],
    multiprocess_mode="livemax",
    registry=None,
)


class Metrics:
    """The numbers of one process. ``runtime`` is looked at, never changed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lost = 0
        self._refresher: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Keep the gauges up to date until ``stop``. To be called in the event loop."""
        if self._refresher is None:
            self._refresher = asyncio.get_running_loop().create_task(self._keep_fresh())

    def stop(self) -> None:
        """Stop updating, and remove this process's gauges, because it ends."""
        if self._refresher is not None:
            self._refresher.cancel()
        mark_process_dead(os.getpid())

    @contextmanager
    def request(self) -> Iterator[Callable[[Response], None]]:
        """Count a request as open while the block runs, and its response once the block has it."""
        kind = "whole"
        _open.labels(kind).inc()

        def responded(response: Response) -> None:
            nonlocal kind
            _responses.labels(str(response.status)).inc()
            if isinstance(response.body, Live):
                _open.labels(kind).dec()
                kind = "stream"
                _open.labels(kind).inc()

        try:
            yield responded
        finally:
            _open.labels(kind).dec()

    def finished(self, event: UsageEvent) -> None:
        """Count a request whose usage row is closed."""
        endpoint = _endpoint(event.endpoint)
        provider = event.provider or ""
        _requests.labels(endpoint, event.cache_status, str(event.status), provider).inc()
        _latency.labels(endpoint, event.cache_status).observe(event.latency_ms / 1000)
        if event.upstream_ms is not None and provider:
            _upstream.labels(provider).observe(event.upstream_ms / 1000)
        hit = str(event.cache_status.startswith("HIT")).lower()
        for kind, tokens in (
            ("prompt", event.prompt_tokens),
            ("completion", event.completion_tokens),
            ("cached", event.cached_tokens),
        ):
            if tokens:
                _tokens.labels(kind, hit).inc(tokens)
        _cost.inc((event.cost_nanousd or 0) / 1e9)
        _saved.inc((event.saved_nanousd or 0) / 1e9)

    def answer(self, authorization: str | None) -> Response:
        """The response to a scrape with this header."""
        token = f"Bearer {self._runtime.settings.metrics_token}"
        if not hmac.compare_digest((authorization or "").encode(), token.encode()):
            refusal = errors.AuthenticationError("The metrics token is missing or wrong.")
            return errors.response(refusal, "openai")
        self.refresh()
        _forget_the_dead(Path(self._runtime.settings.metrics_folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        headers = [("content-type", CONTENT_TYPE_LATEST), ("cache-control", "no-store")]
        return Response(200, headers, generate_latest(registry).decode())

    def refresh(self) -> None:
        """Set what changes without a request."""
        runtime, now = self._runtime, time.monotonic()
        pending = runtime.outbox.pending
        _build.labels(VERSION, runtime.settings.release).set(1)
        _waiting.set(len(pending.rows))
        _lost.inc(pending.lost - self._lost)
        self._lost = pending.lost
        for service, state in runtime.breakers(now).items():
            _breakers.labels(service).set(state != "closed")
        open_providers = runtime.providers.open_providers(now)
        for provider in runtime.settings.provider_base_urls:
            _providers.labels(provider).set(open_providers.get(provider, 0))

    async def _keep_fresh(self) -> None:
        while True:
            self.refresh()
            await asyncio.sleep(_REFRESH_SECONDS)


def _endpoint(path: str) -> str:
    """The endpoint as a label with few values, because callers choose the paths that are passed
    through."""
    if path in application.ROUTES:
        return path
    return _ONE_MODEL if path.startswith("/v1/models/") else "passed through"


def _forget_the_dead(folder: Path) -> None:
    """Remove the gauges of processes that were killed. Their counters stay, because the requests
    did happen."""
    for path in folder.glob("gauge_live*.db"):
        found = _PID.match(path.name)
        if found and not _is_alive(int(found[1])):
            mark_process_dead(int(found[1]))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
