"""How long Stripe's webhook takes, beside a view that does nothing on the same server.

Signed events of real subscriptions are posted to a running server by four clients at once, on
SQLite and on PostgreSQL, while the server handles in the background what it has stored. "Our time"
is what the client waits: it is to stay below 300 ms, and nobody is asked before the answer.
"""

import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contract import postgres
from tests.contract.machines import Machines, python_path
from tests.doubles.stripe_api import StripeDouble

_EVENTS = 400
_CUSTOMERS = 20
_CLIENTS = 4
_MOST_MS = 300.0


def main() -> None:
    """Print the distribution for each database."""
    with tempfile.TemporaryDirectory() as folder, StripeDouble() as stripe:
        environment = _environment(stripe)
        os.environ |= environment | {"DATABASE_URL": "sqlite://:memory:"}
        import django

        django.setup()
        print(f"{'':26} {'median':>8} {'95 %':>8} {'99 %':>8} {'most':>8}   ms")
        for name, url in _databases(Path(folder)):
            output = Path(folder) / name
            output.mkdir()
            machines = Machines(environment | {"DATABASE_URL": url}, output)
            with _filled(url, stripe) as events, machines:
                posts = [stripe.signed(event) for event in events]
                _measure(name, machines.serve(), posts)


def _environment(stripe: StripeDouble) -> dict[str, str]:
    return {
        "PYTHONPATH": python_path(),
        "DJANGO_SETTINGS_MODULE": "benchmarks.stripe_webhook_server.settings",
        "DJANGO_SECRET_KEY": "benchmark",
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_BEHIND_TLS_PROXY": "true",
        "API_KEY_PEPPER": "benchmark",
        "ENCRYPTION_KEYS": "bench:" + "A" * 43 + "=",
        "STRIPE_SECRET_KEY": stripe.key,
        "STRIPE_API_BASE": stripe.url,
        "STRIPE_WEBHOOK_SECRET": stripe.webhook_secret,
    }


def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'bench.sqlite3'}"
    try:
        with postgres.cluster() as cluster:
            yield "PostgreSQL", cluster.url("postgres")
    except postgres.PostgresMissingError as error:
        print(f"PostgreSQL is left out: {error}")


@contextmanager
def _filled(url: str, stripe: StripeDouble) -> Iterator[list[dict[str, Any]]]:
    """A migrated database with customers, and events about them that nobody has seen."""
    from apps.billing.services.catalog import catalog_sync
    from tests.contract.databases import default_database
    from tests.contract.tenants import buy_starter, owned

    with default_database(url):
        catalog_sync(dry_run=False)
        for _ in range(_CUSTOMERS):
            buy_starter(stripe, *owned())
        told = stripe.take_events()
        yield [{**told[n % len(told)], "id": f"evt_{url[:4]}_{n}"} for n in range(_EVENTS)]


def _measure(name: str, server: str, posts: list[tuple[bytes, dict[str, str]]]) -> None:
    nothing = _run(f"{server}/benchmark/nothing", posts)
    webhook = _run(f"{server}/webhooks/stripe", posts)
    _print(f"{name}, nothing", nothing)
    _print(f"{name}, webhook", webhook)
    ratio = statistics.median(webhook) / statistics.median(nothing)
    late = sum(took > _MOST_MS for took in webhook)
    print(f"{'':26} {ratio:.1f} times nothing; {late} of {len(webhook)} over {_MOST_MS:.0f} ms")


def _run(url: str, posts: list[tuple[bytes, dict[str, str]]]) -> list[float]:
    """Milliseconds of each request. Raises ``urllib.error.HTTPError`` for anything but a 200."""
    with ThreadPoolExecutor(_CLIENTS) as pool:
        return sorted(pool.map(lambda post: _post(url, *post), posts))


def _post(url: str, body: bytes, headers: dict[str, str]) -> float:
    request = urllib.request.Request(url, body, headers | {"X-Forwarded-Proto": "https"})  # noqa: S310
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own address
        answer.read()
    return (time.perf_counter() - began) * 1000


def _print(what: str, took: list[float]) -> None:
    shares = statistics.quantiles(took, n=100)
    figures = (statistics.median(took), shares[94], shares[98], took[-1])
    print(f"{what:26} " + " ".join(f"{figure:8.1f}" for figure in figures))
