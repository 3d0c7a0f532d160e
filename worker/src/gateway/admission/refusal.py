"""Refusals: the errors of limits, and the two answers to whether the provider may be asked.

``admit.lua`` and ``local_limits`` decide. Every error that their decision ends in is made here, so
that a limit says the same wherever it is applied. A request that may still be answered from the
cache is not refused at once: its admission carries ``CacheOnly``, and the error is raised when the
cache has no answer.
"""

from dataclasses import dataclass

from gateway.core import errors
from gateway.core.errors import GatewayError
from gateway.core.http import Headers
from shared.key_record import KeyRecord, LabelLimits

_FINAL = ("x-should-retry", "false")


@dataclass(frozen=True, slots=True)
class MayAsk:
    """The provider may be asked.

    ``lease_left_ms`` > 0: another request is fetching the same answer, or gave up within the last
    two seconds.
    """

    lease_left_ms: int = 0


@dataclass(frozen=True, slots=True)
class CacheOnly:
    """Only a cached answer may be served. Without one the request ends in ``error``."""

    error: GatewayError


UpstreamAccess = MayAsk | CacheOnly


def not_cached() -> errors.NotCached:
    """For a request that takes a cached answer only."""
    return errors.NotCached(
        "This request is not in the cache (x-watchllm-cache: only).", headers=[_FINAL]
    )


def rate_limited(wait_ms: int, headers: Headers) -> errors.RateLimited:
    """``wait_ms``: until the oldest request leaves the window. ``headers``: the limit's own."""
    seconds = _seconds(wait_ms)
    return errors.RateLimited(
        f"Rate limit reached for requests per minute. Please try again in {seconds}s.",
        headers=[*headers, ("retry-after", str(seconds)), ("retry-after-ms", str(wait_ms))],
    )


def rate_limited_locally(wait_seconds: float) -> errors.RateLimited:
    """By this process's share, while Redis is away."""
    return errors.RateLimited(
        "Rate limit reached for requests per minute.",
        headers=[("retry-after", str(round(wait_seconds)))],
    )


def label_rate_limited(
    limits: LabelLimits, wait_ms: int, headers: Headers
) -> errors.LabelRateLimited:
    """As ``rate_limited``, for one value of a label."""
    seconds = _seconds(wait_ms)
    return errors.LabelRateLimited(
        f"Rate limit reached for requests per minute of {_one_value(limits)}. "
        f"Please try again in {seconds}s.",
        headers=[*headers, ("retry-after", str(seconds)), ("retry-after-ms", str(wait_ms))],
    )


def label_rate_limited_locally(limits: LabelLimits, wait_seconds: float) -> errors.LabelRateLimited:
    """By this process's share, while Redis is away."""
    return errors.LabelRateLimited(
        f"Rate limit reached for requests per minute of {_one_value(limits)}.",
        headers=[("retry-after", str(round(wait_seconds)))],
    )


def label_budget_may_be_spent(limits: LabelLimits) -> errors.LabelBudgetExceeded:
    """The share of the budget that this process may spend is spent, while Redis is away."""
    return errors.LabelBudgetExceeded(
        f"The {_period(limits)} budget of {_one_value(limits)} may be spent: the sum "
        "cannot be read right now. Please retry later.",
        headers=[("retry-after", "5")],
    )


def quota_used_up(record: KeyRecord, headers: Headers) -> errors.QuotaExceeded:
    """Not even a cached answer is served."""
    return errors.QuotaExceeded(
        f"The plan's {record.plan.monthly_requests:,} requests for this month are used up. "
        "Upgrade the plan, or wait for the first of the next month (UTC).",
        headers=[*headers, _FINAL],
    )


def quota_unknown() -> errors.QuotaExceeded:
    """The share of the month that this process may use is used up, while Redis is away."""
    return errors.QuotaExceeded(
        "The plan's requests for this month may be used up: the count cannot be read right now. "
        "Please retry later.",
        headers=[("retry-after", "5")],
    )


def budget_unknown() -> errors.BudgetUnknown:
    """The deployment refuses what it cannot check, while Redis is away."""
    return errors.BudgetUnknown(
        "The budget of this key or project cannot be checked right now. Please retry.",
        headers=[("retry-after", "2")],
    )


def budget_may_be_spent() -> errors.BudgetExceeded:
    """The share of the budget that this process may spend is spent, while Redis is away."""
    return errors.BudgetExceeded(
        "The monthly budget of this key or project may be spent: the sum cannot be read right now. "
        "Please retry later.",
        headers=[("retry-after", "5")],
    )


def tokens_limited_locally(wait_seconds: float) -> errors.TokensLimited:
    """By this process's share, while Redis is away."""
    return errors.TokensLimited(
        "Rate limit reached for tokens per minute.",
        headers=[("retry-after", str(round(wait_seconds)))],
    )


def streams_limited(record_limit: int | None) -> errors.StreamsLimited:
    """``record_limit``: the plan's number of concurrent streams."""
    return errors.StreamsLimited(
        f"This project has {record_limit} streams open, as many as its plan allows at once. "
        "Please try again when one has ended.",
        headers=[("retry-after", "1")],
    )


def upstream_access(
    verdict: str, record: KeyRecord, *, lease_left_ms: int, tokens_wait_ms: int
) -> UpstreamAccess:
    """What a verdict of ``admit.lua`` means where the cache is still asked.

    ``tokens_wait_ms``: until the oldest tokens leave the window.
    """
    match verdict:
        case "HITS_ONLY" | "OVER_QUOTA":
            return CacheOnly(
                errors.QuotaExceeded(
                    "The plan's requests for this month are used up; only cached answers are "
                    "served.",
                    headers=[_FINAL],
                )
            )
        case "BUDGET":
            return CacheOnly(
                errors.BudgetExceeded(
                    "The monthly budget of this key or project is spent. Cached answers are still "
                    "served.",
                    headers=[_FINAL],
                )
            )
        case "LABEL_BUDGET" if (limits := record.project.label_limits) is not None:
            return CacheOnly(
                errors.LabelBudgetExceeded(
                    f"The {_period(limits)} budget of {_one_value(limits)} is spent. "
                    "Cached answers are still served.",
                    headers=[_FINAL],
                )
            )
        case "TOKENS":
            seconds = _seconds(tokens_wait_ms)
            return CacheOnly(
                errors.TokensLimited(
                    f"Rate limit reached for tokens per minute. Please try again in {seconds}s.",
                    headers=[("retry-after", str(seconds))],
                )
            )
        case "STREAMS":
            return CacheOnly(streams_limited(record.plan.concurrent_streams))
    return MayAsk(max(0, lease_left_ms))


def _period(limits: LabelLimits) -> str:
    return "daily" if limits.period == "day" else "monthly"


def _one_value(limits: LabelLimits) -> str:
    return f"this value of the label '{limits.label}'"


def _seconds(wait_ms: int) -> int:
    return max(1, -(-wait_ms // 1000))
