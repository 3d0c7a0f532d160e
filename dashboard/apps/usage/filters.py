"""The filters of the usage and request pages: read from the URL, written back to it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q

from apps.usage.period import Period
from shared import usage_events

DIMENSIONS: dict[str, str] = {
    "status": "cache_status",
    "model": "model",
    "provider": "provider",
    "key": "api_key_id",
    "endpoint": "endpoint",
}
"""URL parameter → column of the log and of the hourly sums."""


@dataclass(frozen=True, slots=True)
class Filters:
    """An empty string does not filter; ``key`` is an API key's id."""

    status: str = ""
    model: str = ""
    provider: str = ""
    key: str = ""
    endpoint: str = ""

    @property
    def active(self) -> dict[str, str]:
        """Those that are set, by URL parameter."""
        return {name: value for name in DIMENSIONS if (value := getattr(self, name))}

    def condition(self) -> Q:
        """For the log and the hourly sums alike."""
        found = Q()
        for name, value in self.active.items():
            found &= Q(**{DIMENSIONS[name]: value})
        return found


def parse(params: Mapping[str, str]) -> Filters:
    """Ignores values that match nothing by form: an unknown status, a key that is not an id."""
    values = {name: params.get(name, "")[:128].replace("\x00", "") for name in DIMENSIONS}
    if values["status"] not in usage_events.CACHE_STATUSES:
        values["status"] = ""
    try:
        values["key"] = str(uuid.UUID(values["key"])) if values["key"] else ""
    except ValueError:
        values["key"] = ""
    return Filters(**values)


def query(period: Period, filters: Filters, **more: str) -> str:
    """The query string, with its ``?``; ``more`` overrides, an empty value removes."""
    merged = {**period.query, **filters.active, **more}
    return "?" + urlencode({name: value for name, value in merged.items() if value})
