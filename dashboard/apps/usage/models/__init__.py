from apps.usage.models.log import UsageLog
from apps.usage.models.read_key import ReadKey
from apps.usage.models.rollup import (
    LabelHourly,
    RollupState,
    SemanticHourly,
    UsageDaily,
    UsageHourly,
    UsageLatencyHourly,
)

__all__ = [
    "LabelHourly",
    "ReadKey",
    "RollupState",
    "SemanticHourly",
    "UsageDaily",
    "UsageHourly",
    "UsageLatencyHourly",
    "UsageLog",
]
