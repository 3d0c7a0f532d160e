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
from apps.usage.models.saved_view import SavedView

__all__ = [
    "LabelHourly",
    "ReadKey",
    "RollupState",
    "SavedView",
    "SemanticHourly",
    "UsageDaily",
    "UsageHourly",
    "UsageLatencyHourly",
    "UsageLog",
]
