"""Events that customers' servers can receive; docs/public/billing.md shows the ``data`` of each."""

EVENTS: dict[str, str] = {
    "usage.threshold_reached": "50, 80, 90 or 100% of the month's requests are used",
    "budget.reached": "A project or key has spent its monthly budget",
    "semantic.error_bound_exceeded": "Semantic hits may be wrong more often than the mode aims at",
    "api_key.created": "An API key was created",
    "api_key.revoked": "An API key was revoked",
}
TEST_EVENT = "webhook.test"
