"""Cross-origin requests, for SDKs that run in a browser (Fetch Standard, "CORS protocol").

Any origin may ask, as at the providers: requests carry a key, never a cookie.
"""

from gateway.core.http import Request, Response

_EXPOSED = ", ".join(
    (
        "x-request-id",
        "request-id",
        "x-watchllm-cache",
        "x-watchllm-cache-age",
        "x-watchllm-similarity",
        "x-watchllm-provider",
        "x-watchllm-cost-usd",
        "x-watchllm-saved-usd",
        "x-watchllm-decision",
        "x-watchllm-quota-limit",
        "x-watchllm-quota-remaining",
        "x-watchllm-upstream-request-id",
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
        # What the SDKs decide by whether and when to try again.
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
        "server-timing",
    )
)
_SECONDS = "86400"


def preflight(request: Request) -> Response:
    """The answer to ``OPTIONS``: whatever method and headers were asked for."""
    asked = request.header("access-control-request-headers") or "authorization, content-type"
    headers = [
        ("access-control-allow-methods", "GET, POST, DELETE"),
        ("access-control-allow-headers", asked),
        ("access-control-max-age", _SECONDS),
        ("vary", "access-control-request-headers"),
    ]
    return allow(request, Response(204, headers))


def allow(request: Request, response: Response) -> Response:
    """Let a page of any origin read ``response``."""
    if request.header("origin") is not None:
        response.headers.append(("access-control-allow-origin", "*"))
        response.headers.append(("access-control-expose-headers", _EXPOSED))
    return response
