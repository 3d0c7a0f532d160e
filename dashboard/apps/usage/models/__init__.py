from apps.usage.models.log import UsageLog
from apps.usage.models.rollup import (
    RollupState,
    SemanticHourly,
    UsageDaily,
    UsageHourly,
    UsageLatencyHourly,
)

__all__ = [
    "RollupState",
    "SemanticHourly",
    "UsageDaily",
    "UsageHourly",
    "UsageLatencyHourly",
    "UsageLog",
]
