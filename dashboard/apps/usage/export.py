"""A project's request log, for its owners to take away."""

import csv
import json
from collections.abc import Iterator

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q

from apps.projects.models import Project
from apps.usage.models import UsageLog
from shared import usage_events

_COLUMNS = usage_events.COLUMNS
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def request_lines(
    project: Project, condition: Q | None = None, *, form: str = "csv"
) -> Iterator[str]:
    """The request log line by line, oldest first; with ``condition`` a part of it.

    ``form``: ``csv``, or ``jsonl`` for one JSON object a line, times in ISO 8601.
    """
    rows = UsageLog.objects.filter(condition or Q(), project=project).order_by("ts", "id")
    found = rows.values_list(*_COLUMNS).iterator(chunk_size=2_000)
    if form == "jsonl":
        for row in found:
            values = dict(zip(_COLUMNS, row, strict=True))
            yield json.dumps(values, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n"
        return
    writer = csv.writer(_Echo())
    yield writer.writerow(_COLUMNS)
    for row in found:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    """Objects as JSON. Quotes text that a spreadsheet would run as a formula: clients choose some
    of these texts."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


class _Echo:
    """A file for ``csv.writer`` whose ``write`` returns the line, so that ``writerow`` does too."""

    def write(self, line: str) -> str:
        return line
