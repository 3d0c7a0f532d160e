"""What the fault tables look at: what the client saw, what was cached, what was logged."""

import json
from typing import Any

from tests.worker.edge import Edge, Tenant, until


def known(edge: Edge) -> Tenant:
    """A tenant whose key is in the edge's memory, with nothing recorded since."""
    tenant = edge.tenant()
    tenant.http.get("/v1/cache/stats")
    forget(edge, tenant, rows=1)
    return tenant


def forget(edge: Edge, tenant: Tenant, *, rows: int) -> None:
    """Once the tenant's requests so far are settled, ``rows`` of them, count from nothing."""
    tenant.rows(rows)
    edge.settled()
    edge.quiet_traffic()
    edge.supabase.usage_logs.clear()


def entries(edge: Edge, tenant: Tenant) -> list[str]:
    """The project's cache entries in Redis."""
    found: list[str] = edge.redis("KEYS", f"{tenant.project_id}:entry2:*")
    return found


def error_code(text: str) -> str | None:
    """The code of an error envelope, in a body or in a stream's last event."""
    last = text.strip().split("\n\n")[-1].removeprefix("data: ")
    try:
        error = json.loads(last).get("error")
    except ValueError:
        return None
    code = error and error.get("code")
    return code if isinstance(code, str) else None


def exactly(edge: Edge, tenant: Tenant, count: int) -> list[dict[str, Any]]:
    """The tenant's usage rows, oldest first: ``count``, each of another request, each of them in
    the log once, and no more of them after the edge has come to rest."""
    until(lambda: len(rows_of(edge, tenant)) >= count, f"{count} usage rows")
    edge.settled()
    rows = rows_of(edge, tenant)
    assert len(rows) == count
    ids = [row["request_id"] for row in rows]
    assert len(set(ids)) == count
    # The log line is written when the row is counted: as the request ends.
    log = edge.log()
    assert [
        log.count(f'"event": "request", "level": "info", "request_id": "{i}"') for i in ids
    ] == [1] * count
    return sorted(rows, key=lambda row: str(row["ts"]))


def rows_of(edge: Edge, tenant: Tenant) -> list[dict[str, Any]]:
    """The tenant's usage rows so far."""
    return [row for row in edge.supabase.usage_logs if row["project_id"] == tenant.project_id]
