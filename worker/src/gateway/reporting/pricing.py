"""What an answer's tokens cost."""

from gateway.formats.base import Usage
from shared import pricing


def cost(provider: str, model: str, usage: Usage, at: float) -> int | None:
    """Nano-USD of an answer, ``None`` when price or tokens are unknown. ``at``: unix time."""
    return pricing.cost_nanousd(
        provider,
        model,
        at=at,
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        cached_tokens=usage.cached,
        cache_write_tokens=usage.cache_write,
        cache_write_hour_tokens=usage.cache_write_hour,
        other_tokens=usage.other,
        service_tier=usage.service_tier,
    )


def dollars(nanousd: int) -> str:
    """Nano-USD as a decimal number of dollars for a header."""
    return f"{nanousd // 10**9}.{nanousd % 10**9:09d}"
