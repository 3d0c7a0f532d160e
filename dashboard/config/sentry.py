"""What Sentry is told: the type of an error, its stack, and the route on which it happened.

Nothing of a customer's goes out. Addresses hold tokens (invitations, password resets) and names of
organizations, so a report names the route's pattern instead. Cookies, headers, bodies, query
strings, people, local variables and breadcrumbs are left out. Of a message only what this code base
wrote itself is kept, because others quote what they worked on (a database: the offending row).
"""

import sentry_sdk
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger
from sentry_sdk.types import Event, Hint

_OURS = ("apps", "config", "shared")
_KEPT = (
    *("event_id", "timestamp", "start_timestamp", "type", "platform", "level", "logger", "sdk"),
    *("environment", "release", "transaction", "transaction_info", "contexts", "spans"),
    *("exception", "logentry", "fingerprint"),
)


def start(*, dsn: str, environment: str, release: str, traces_sample_rate: float) -> None:
    """Report from here on, in this process."""
    # Whoever sends a wrong Host header is no error of ours.
    ignore_logger("django.security.DisallowedHost")
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release or None,
        traces_sample_rate=traces_sample_rate,
        server_name="",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(middleware_spans=False, signals_spans=False),
            LoggingIntegration(level=None),
            ExcepthookIntegration(),
            DedupeIntegration(),
        ],
        auto_session_tracking=False,
        send_default_pii=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        in_app_include=list(_OURS),
        before_send=_report,
        before_send_transaction=_report,
    )


def _report(event: Event, _hint: Hint) -> Event:
    """Only what is listed, so that a field of a newer SDK does not go out unseen."""
    kept = {name: value for name, value in event.items() if name in _KEPT}
    for error in kept.get("exception", {}).get("values", []):  # type: ignore[attr-defined]
        if str(error.get("module")).partition(".")[0] not in _OURS:
            error["value"] = ""
    logged = kept.get("logentry")
    if isinstance(logged, dict):  # its parameters and the text made of them stay here
        logger = str(kept.get("logger"))
        ours = logger.partition(".")[0] in (*_OURS, "django")
        kept["logentry"] = {"message": logged.get("message") if ours else logger}
    for span in kept.get("spans", []):  # type: ignore[attr-defined]
        span.pop("data", None)
    return kept  # type: ignore[return-value]  # a part of the TypedDict that it was
