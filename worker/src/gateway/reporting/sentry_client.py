"""The Sentry SDK without its threads and sockets: it makes envelopes, ``sentry`` sends them.

The SDK's own transport posts from a thread, which cannot start in a Worker. Everything that would
collect on its own is off: integrations, sessions, breadcrumbs, local variables, host names.
"""

import zlib
from functools import cache
from typing import Any

from sentry_sdk import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.utils import event_from_exception

from gateway.core.http import Headers
from gateway.core.settings import Settings

CLIENT_NAME = "sentry.python.watchllm"


class CollectingTransport(Transport):
    """Keeps envelopes until they are taken."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__(options)
        self.envelopes: list[bytes] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """See ``Transport``."""
        self.envelopes.append(envelope.serialize())


def exception_event(settings: Settings, error: Exception) -> dict[str, Any]:
    """The event of an exception: types, modules, stack; no variables."""
    client, _ = _client(settings.telemetry.sentry_dsn, settings.environment, settings.release)
    event, _ = event_from_exception(
        error, client_options=client.options, mechanism={"type": "watchllm", "handled": False}
    )
    return dict(event)


def request(settings: Settings, event: dict[str, Any]) -> tuple[str, Headers, bytes] | None:
    """URL, headers and gzipped body that bring one event to Sentry; ``None`` if it was refused."""
    client, transport = _client(
        settings.telemetry.sentry_dsn, settings.environment, settings.release
    )
    client.capture_event(event)  # type: ignore[arg-type]  # a TypedDict of what we built
    if not transport.envelopes or transport.parsed_dsn is None:
        return None
    auth = transport.parsed_dsn.to_auth(CLIENT_NAME)
    headers = [
        ("content-type", "application/x-sentry-envelope"),
        ("content-encoding", "gzip"),
        ("x-sentry-auth", auth.to_header()),
        ("user-agent", CLIENT_NAME),
    ]
    compressor = zlib.compressobj(wbits=31)  # gzip's header and trailer
    body = compressor.compress(transport.envelopes.pop()) + compressor.flush()
    return auth.get_api_url(), headers, body


@cache
def _client(dsn: str, environment: str, release: str) -> tuple[Client, CollectingTransport]:
    client = Client(
        dsn=dsn,
        environment=environment,
        release=release or None,
        transport=CollectingTransport,
        server_name="",
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        enable_backpressure_handling=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        in_app_include=["gateway", "hosts", "shared"],
        project_root="",
        keep_alive=False,
        debug=False,
    )
    transport = client.transport
    assert isinstance(transport, CollectingTransport)  # noqa: S101 (the client has just made it)
    return client, transport
