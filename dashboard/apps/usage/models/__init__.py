from apps.usage.models.log import UsageLog
from apps.usage.models.rollup import RollupState, UsageDaily, UsageHourly, UsageLatencyHourly

__all__ = ["RollupState", "UsageDaily", "UsageHourly", "UsageLatencyHourly", "UsageLog"]
