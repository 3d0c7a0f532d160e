from apps.usage.models.log import UsageLog
from apps.usage.models.rollup import RollupState, UsageHourly, UsageLatencyHourly

__all__ = ["RollupState", "UsageHourly", "UsageLatencyHourly", "UsageLog"]
