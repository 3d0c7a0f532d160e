"""Adding new log rows to the hourly and daily sums.

Each row is added exactly once, whenever it arrives: the rollup follows the order of insertion (the
log's ``id``), not of ``ts``, and moves its watermark in the same transaction as the sums. So a late
row lands in its own old hour, a second run adds nothing, a crash leaves all or nothing, and two
machines wait for each other on the watermark's row lock. Deleting old log rows leaves sums alone.

Ids are handed out before they are committed, so on PostgreSQL a larger id can be visible while a
smaller one is still in flight. ``_last_committed_id`` waits for such inserts with a table lock that
is held for one ``SELECT max(id)``; SQLite has one writer at a time anyway.
"""

from django.db import connection, transaction
from django.db.models import Max

from apps.usage.latency import BOUNDS_MS
from apps.usage.models import RollupState, UsageLog
from apps.usage.quota import UNCOUNTED_SQL
from shared.usage_events import HIT_SEMANTIC

_BATCH_ROWS = 50_000
_LOCK_TIMEOUT_MS = 2_000

# Per vendor; on SQLite the text form in which Django stores a datetime there.
_HOUR = {
    "postgresql": "date_trunc('hour', ts, 'UTC')",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:00:00', ts)",
}
_DAY = {
    "postgresql": "date_trunc('day', ts, 'UTC')",
    "sqlite": "strftime('%%Y-%%m-%%d 00:00:00', ts)",
}

# A value of the edge's semantic decision. SQLite gives a JSON boolean as 0 or 1.
_DECISION = {
    "postgresql": "decision->>'{name}'",
    "sqlite": "json_extract(decision, '$.{name}')",
}
_FALSE = {"postgresql": "'false'", "sqlite": "0"}

_SUMS = (
    "requests",
    "quota_requests",
    "errors",
    "unpriced_requests",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cache_write_hour_tokens",
    "cost_nanousd",
    "saved_nanousd",
    "prompt_cache_saved_nanousd",
    "prompt_cache_overpaid_nanousd",
    "latency_ms_sum",
)

# A sum stops at nine million dollars: one that overflowed would fail the batch of every tenant. So
# does a row at ten thousand dollars, the gateway's own bound, so that the rows of a batch cannot
# overflow either (SQLite adds them up as integers of 64 bits).
_MOST_NANOUSD = 9 * 10**15
_MOST_NANOUSD_OF_A_ROW = 10**13
_LEAST = {"postgresql": "LEAST", "sqlite": "MIN"}
_BOUNDED_SUM = f"{{least}}(SUM({{least}}({{amount}}, {_MOST_NANOUSD_OF_A_ROW})), {_MOST_NANOUSD})"

# An index entry must stay small, whatever a client calls its model.
_ADD_SUMS = """
INSERT INTO {table} ({unit}, organization_id, project_id, api_key_id, endpoint, provider, model,
    cache_status, {columns})
SELECT {start}, organization_id, project_id, api_key_id, endpoint, COALESCE(provider, ''),
    SUBSTR(COALESCE(model, ''), 1, 128), cache_status,
    COUNT(*),
    SUM(CASE WHEN {uncounted} THEN 0 ELSE 1 END),
    SUM(CASE WHEN status >= 400 THEN 1 ELSE 0 END),
    SUM(CASE WHEN cost_nanousd IS NULL THEN 1 ELSE 0 END),
    SUM(COALESCE(prompt_tokens, 0)),
    SUM(COALESCE(completion_tokens, 0)),
    SUM(COALESCE(cached_tokens, 0)),
    SUM(COALESCE(cache_write_tokens, 0)),
    SUM(COALESCE(cache_write_hour_tokens, 0)),
    {cost},
    {saved},
    {prompt_cache_saved},
    {prompt_cache_overpaid},
    SUM(latency_ms)
FROM usage_logs WHERE id > %s AND id <= %s
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ON CONFLICT (project_id, {unit}, api_key_id, endpoint, provider, model, cache_status,
    organization_id)
DO UPDATE SET {additions}
"""

_ADD_LATENCY = """
INSERT INTO usage_latency_hourly (hour, project_id, cache_status, bucket, requests)
SELECT {hour}, project_id, cache_status, CASE {buckets} ELSE {overflow} END, COUNT(*)
FROM usage_logs WHERE id > %s AND id <= %s
GROUP BY 1, 2, 3, 4
ON CONFLICT (project_id, hour, cache_status, bucket)
DO UPDATE SET requests = usage_latency_hourly.requests + excluded.requests
"""

_ADD_SEMANTIC = """
INSERT INTO usage_semantic_daily (day, project_id, mode, hits, checked, wrong)
SELECT {hour}, project_id, SUBSTR(COALESCE({mode}, ''), 1, 16), COUNT(*),
    COUNT({agreed}),
    SUM(CASE WHEN {agreed} = {false} THEN 1 ELSE 0 END)
FROM usage_logs WHERE id > %s AND id <= %s AND cache_status = %s
GROUP BY 1, 2, 3
ON CONFLICT (project_id, day, mode)
DO UPDATE SET hits = usage_semantic_daily.hits + excluded.hits,
    checked = usage_semantic_daily.checked + excluded.checked,
    wrong = usage_semantic_daily.wrong + excluded.wrong
"""

# Per vendor: each row with each label that its project has charted.
_CHARTED = {
    "postgresql": """usage_logs
    JOIN projects ON projects.id = usage_logs.project_id
    CROSS JOIN LATERAL jsonb_array_elements_text(projects.charted_labels) AS charted(name)
    CROSS JOIN LATERAL (SELECT left(labels ->> charted.name, 256)) AS label(value)""",
    "sqlite": """(
        SELECT usage_logs.*, charted.value AS label_name,
            SUBSTR(json_extract(labels, '$."' || charted.value || '"'), 1, 256) AS label_value
        FROM usage_logs JOIN projects ON projects.id = usage_logs.project_id,
            json_each(projects.charted_labels) charted
    )""",
}
_CHARTED_COLUMNS = {
    "postgresql": ("charted.name", "label.value"),
    "sqlite": ("label_name", "label_value"),
}
_LABEL_SUMS = (
    "requests",
    "errors",
    "unpriced_requests",
    "prompt_tokens",
    "completion_tokens",
    "cost_nanousd",
    "saved_nanousd",
    "prompt_cache_saved_nanousd",
    "prompt_cache_overpaid_nanousd",
    "latency_ms_sum",
)

_ADD_LABELS = """
INSERT INTO usage_label_hourly (hour, project_id, name, value, cache_status, {columns})
SELECT {hour}, project_id, {name}, {value}, cache_status,
    COUNT(*),
    SUM(CASE WHEN status >= 400 THEN 1 ELSE 0 END),
    SUM(CASE WHEN cost_nanousd IS NULL THEN 1 ELSE 0 END),
    SUM(COALESCE(prompt_tokens, 0)),
    SUM(COALESCE(completion_tokens, 0)),
    {cost},
    {saved},
    {prompt_cache_saved},
    {prompt_cache_overpaid},
    SUM(latency_ms)
FROM {charted}
WHERE {id} > %s AND {id} <= %s AND labels IS NOT NULL AND {value} IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (project_id, name, hour, value, cache_status) DO UPDATE SET {additions}
"""

_TOUCH_KEYS = """
UPDATE api_keys SET last_used_at = used.ts
FROM (SELECT api_key_id, MAX(ts) AS ts FROM usage_logs WHERE id > %s AND id <= %s GROUP BY 1) used
WHERE api_keys.id = used.api_key_id
  AND (api_keys.last_used_at IS NULL OR api_keys.last_used_at < used.ts)
"""


_MONEY = {
    "cost": "COALESCE(cost_nanousd, 0)",
    "saved": "COALESCE(saved_nanousd, 0)",
    "prompt_cache_saved": "CASE WHEN prompt_cache_nanousd > 0 THEN prompt_cache_nanousd ELSE 0 END",
    "prompt_cache_overpaid": (
        "CASE WHEN prompt_cache_nanousd < 0 THEN -prompt_cache_nanousd ELSE 0 END"
    ),
}


def _money(vendor: str) -> dict[str, str]:
    """The sums of a group's money."""
    return {
        name: _BOUNDED_SUM.format(least=_LEAST[vendor], amount=amount)
        for name, amount in _MONEY.items()
    }


def _additions(vendor: str, table: str, names: tuple[str, ...]) -> str:
    """What a conflicting row's columns become."""
    least = _LEAST[vendor]
    return ", ".join(
        f"{name} = {least}({table}.{name}, {_MOST_NANOUSD} - excluded.{name}) + excluded.{name}"
        if name.endswith("_nanousd")
        else f"{name} = {table}.{name} + excluded.{name}"
        for name in names
    )


def usage_rollup(
    *,
    batch_rows: int = _BATCH_ROWS,
    lock_timeout_ms: int = _LOCK_TIMEOUT_MS,
    max_rows: int | None = None,
) -> int:
    """Adds every committed log row that is not in the sums yet; returns how many ids it advanced.

    ``max_rows`` stops earlier: a page that refreshes the sums must not count a backlog of millions.
    Raises ``django.db.OperationalError`` when the table lock is not granted within
    ``lock_timeout_ms`` (an insert is open for longer); the next run adds those rows.
    """
    committed = _last_committed_id(lock_timeout_ms)
    moved = 0
    while max_rows is None or moved < max_rows:
        step = _add_batch(committed, batch_rows if max_rows is None else min(batch_rows, max_rows))
        if not step:
            break
        moved += step
    return moved


def _last_committed_id(lock_timeout_ms: int) -> int:
    """The largest id up to which no insert is uncommitted; 0 for an empty log."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {lock_timeout_ms:d}")
                cursor.execute("LOCK TABLE usage_logs IN SHARE MODE")
        return UsageLog.objects.aggregate(last=Max("id"))["last"] or 0


@transaction.atomic
def _add_batch(committed: int, batch_rows: int) -> int:
    RollupState.objects.get_or_create(id=1)
    state = RollupState.objects.select_for_update().get(id=1)
    first = state.last_log_id
    last = min(committed, first + batch_rows)
    if last <= first:
        return 0
    vendor = connection.vendor
    hour, day, decision = _HOUR[vendor], _DAY[vendor], _DECISION[vendor]
    with connection.cursor() as cursor:
        for table, unit, start in (("usage_hourly", "hour", hour), ("usage_daily", "day", day)):
            cursor.execute(
                _ADD_SUMS.format(
                    table=table,
                    unit=unit,
                    start=start,
                    uncounted=UNCOUNTED_SQL,
                    columns=", ".join(_SUMS),
                    additions=_additions(vendor, table, _SUMS),
                    **_money(vendor),
                ),
                [first, last],
            )
        buckets = " ".join(
            f"WHEN latency_ms <= {bound} THEN {position}"
            for position, bound in enumerate(BOUNDS_MS)
        )
        cursor.execute(
            _ADD_LATENCY.format(hour=hour, buckets=buckets, overflow=len(BOUNDS_MS)),
            [first, last],
        )
        cursor.execute(
            _ADD_SEMANTIC.format(
                hour=hour,
                mode=decision.format(name="mode"),
                agreed=decision.format(name="agreed"),
                false=_FALSE[vendor],
            ),
            [first, last, HIT_SEMANTIC],
        )
        name, value = _CHARTED_COLUMNS[vendor]
        cursor.execute(
            _ADD_LABELS.format(
                hour=hour,
                name=name,
                value=value,
                charted=_CHARTED[vendor],
                id="usage_logs.id" if vendor == "postgresql" else "id",
                columns=", ".join(_LABEL_SUMS),
                additions=_additions(vendor, "usage_label_hourly", _LABEL_SUMS),
                **_money(vendor),
            ),
            [first, last],
        )
        cursor.execute(_TOUCH_KEYS, [first, last])
    state.last_log_id = last
    state.save()
    return last - first
