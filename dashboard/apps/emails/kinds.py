"""Kinds of messages that a person can do without. All others concern money or access."""

OPTIONAL = {
    "usage_alerts": "Quota and budget alerts",
    "anomalies": "Alerts about unusual spend, errors or wrong semantic hits",
    "weekly_report": "Weekly savings report",
    "tips": "First cache hit and getting started",
}
