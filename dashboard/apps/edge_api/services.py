"""Inserting usage rows."""

from django.db import IntegrityError, transaction

from apps.edge_api.errors import PostgrestError
from apps.edge_api.rows import refuse_foreign_rows
from apps.usage.models import UsageLog


@transaction.atomic
def usage_logs_insert(*, rows: list[UsageLog], ignore_duplicates: bool) -> None:
    """All rows or none. Raises ``PostgrestError``: a foreign row, or a request id seen before."""
    refuse_foreign_rows(rows)
    try:
        with transaction.atomic():
            UsageLog.objects.bulk_create(rows, ignore_conflicts=ignore_duplicates)
    except IntegrityError as error:
        raise PostgrestError(
            409,
            "23505",
            'duplicate key value violates unique constraint "usage_logs_request_id_key"',
        ) from error
