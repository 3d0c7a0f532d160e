from apps.usage.models.log import UsageLog
from apps.usage.models.rollup import (
    RollupState,
    SemanticDaily,
    UsageDaily,
    UsageHourly,
    UsageLatencyHourly,
)

__all__ = [
    "RollupState",
    "SemanticDaily",
    "UsageDaily",
    "UsageHourly",
    "UsageLatencyHourly",
    "UsageLog",
]
