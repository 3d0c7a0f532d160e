"""Which log rows count against the plan's quota."""

from django.db.models import Q

UNCOUNTED_ERRORS = (
    "rate_limit_exceeded",
    "quota_exceeded",
    "budget_exceeded",
    "concurrent_streams_exceeded",
    "invalid_request",
    "invalid_json",
    "invalid_header",
    "request_too_large",
    "unknown_url",
    "method_not_allowed",
)
"""Error codes of requests that the edge does not count, or uncounts when it refuses them."""

# A provider's own 429 has the same code as ours, but was counted, and took time upstream.
UNCOUNTED = Q(upstream_ms=None, error_code__in=UNCOUNTED_ERRORS)
UNCOUNTED_SQL = "upstream_ms IS NULL AND error_code IN ({})".format(
    ", ".join(f"'{code}'" for code in UNCOUNTED_ERRORS)
)
"""The same as SQL for the rollup; NULL (so not true) for a row without an error."""
