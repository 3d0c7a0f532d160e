"""Inserting usage rows: PostgREST's bulk insert, which takes all rows of a request or none.

A host with a connection to the database sends the same statement there, with the same refusals.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import DatabaseRefused, Platform, json_headers
from gateway.core.settings import Settings
from gateway.reporting.pending import Row
from shared.usage_events import COLUMNS

TIMEOUT_SECONDS = 5.0
_OWNER = ("api_key_id", "project_id", "organization_id")


class _Refused(Exception):
    """Some row of the batch cannot be stored. ``owner``: whether the reason is its key or
    project."""

    def __init__(self, reason: str, *, owner: bool) -> None:
        super().__init__(reason)
        self.owner = owner


@dataclass(slots=True)
class NotStored:
    """``rows``: the database refuses them as they are. ``of_nobody``: their key or project was
    deleted, so they are dropped."""

    rows: list[Row] = field(default_factory=list)
    of_nobody: list[Row] = field(default_factory=list)


async def insert(platform: Platform, settings: Settings, rows: Sequence[Row]) -> NotStored:
    """Store every row that can be stored. Returns the others, which are logged.

    Raises ``FetchFailed`` when Supabase cannot take rows now. Some may be in then: inserting them
    again does nothing, for ``request_id`` is unique and a conflict is ignored.
    """
    not_stored = NotStored()
    waiting = [list(rows)]
    while waiting:
        batch = waiting.pop()
        if not batch:
            continue
        try:
            await _store(platform, settings, batch)
        except _Refused as error:
            if len(batch) == 1 or (error.owner and _same_owner(batch)):
                log_event(
                    "usage_rows_refused",
                    "error",
                    rows=len(batch),
                    request_id=batch[0]["request_id"],
                    project_id=batch[0]["project_id"],
                    reason=str(error),
                )
                (not_stored.of_nobody if error.owner else not_stored.rows).extend(batch)
            else:
                waiting += reversed(_smaller(batch, by_owner=error.owner))
    return not_stored


def _smaller(batch: list[Row], *, by_owner: bool) -> list[list[Row]]:
    """The parts to try next: one for each key where a key or project was deleted; for any other
    fault both halves, until the faulty row is alone."""
    if by_owner:
        owners: dict[tuple[str, ...], list[Row]] = {}
        for row in batch:
            owners.setdefault(_owner(row), []).append(row)
        return list(owners.values())
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _owner(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in _OWNER)


def _same_owner(batch: list[Row]) -> bool:
    return len({_owner(row) for row in batch}) == 1


async def _store(platform: Platform, settings: Settings, batch: list[Row]) -> None:
    rows = json.dumps([_whole(row) for row in batch], separators=(",", ":"))
    if not platform.has_database:
        await _post(platform, settings, rows)
        return
    try:
        await platform.insert_rows(rows, timeout=TIMEOUT_SECONDS)
    except DatabaseRefused as error:
        raise _failure(error.code, str(error), str(error)) from error


async def _post(platform: Platform, settings: Settings, rows: str) -> None:
    status, body = await platform.call(
        "POST",
        f"{settings.supabase_url}/rest/v1/usage_logs?on_conflict=request_id",
        json_headers(
            *settings.supabase_headers(),
            ("prefer", "resolution=ignore-duplicates,return=minimal"),
        ),
        rows,
        timeout=TIMEOUT_SECONDS,
    )
    if status == 201:
        return
    reason = f"status {status}: {body[:200]}"
    code, message = _error(body)
    if status == 413:
        raise _Refused(reason, owner=False)
    raise _failure(code, message, reason)


def _failure(code: str, message: str, reason: str) -> Exception:
    """What an SQLSTATE says about the batch."""
    # The owner does not exist (any more): a foreign key, or the insert policy of the edge's role.
    # "permission denied" has the policy's code too, but is a fault of the deployment.
    if code == "23503" or (code == "42501" and "row-level security" in message):
        return _Refused(reason, owner=True)
    # SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation).
    if len(code) == 5 and code[:2] in ("22", "23"):
        return _Refused(reason, owner=False)
    return FetchFailed(reason)


def _whole(row: Row) -> Row:
    """With every column: the spool has rows of edges before this one too, and PostgREST takes only
    rows that have the same keys."""
    return row if len(row) == len(COLUMNS) else {**dict.fromkeys(COLUMNS), **row}


def _error(body: str) -> tuple[str, str]:
    """PostgREST's code and message, empty for what is not its answer."""
    try:
        error = json.loads(body)
        return str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return "", ""
