"""The PostgreSQL side of the edge's access: what Supabase serves in place of the views here.

Every table of the schema has row-level security and no grants: on Supabase the roles ``anon`` and
``authenticated`` would otherwise read whatever lies in ``public``, Django's own tables included.
The dashboard owns the tables, and row-level security binds an owner only where it is forced. It is
not forced: that would need a policy that lets the owner do everything, which protects nothing.
"""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from shared import usage_events

_SQL = Path(__file__).parent / "sql"
_ROLES = ("anon", "authenticated", "watchllm_edge")
_PRIVATE = "watchllm_private"
_ROW_CHECK = f"{_PRIVATE}.usage_row_belongs(uuid, uuid, uuid)"
_RESOLVE = "public.resolve_api_key(text)"


def install(connection: BaseDatabaseWrapper) -> None:
    """Creates role, functions and policies. Does nothing on another database than PostgreSQL."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for name in ("roles", "usage_logs"):
            cursor.execute((_SQL / f"{name}.sql").read_text())
    refresh(connection)


def uninstall(connection: BaseDatabaseWrapper) -> None:
    """Removes what ``install`` made, except the role, which other databases may use."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP POLICY usage_logs_edge_insert ON public.usage_logs")
        cursor.execute("DROP POLICY usage_logs_edge_own_transaction ON public.usage_logs")
        cursor.execute("REVOKE ALL ON public.usage_logs FROM watchllm_edge")
        cursor.execute("ALTER TABLE public.usage_logs DROP COLUMN inserted_by")
        cursor.execute(f"DROP SCHEMA {_PRIVATE} CASCADE")
        cursor.execute(f"DROP FUNCTION {_RESOLVE}")


def refresh(connection: BaseDatabaseWrapper) -> None:
    """Updates the edge's access to this version of the code. Runs after every ``migrate``, so that
    a new column of the function needs no migration and no new table is left open.
    """
    if connection.vendor != "postgresql":
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s)", [_PRIVATE])
        if cursor.fetchone() != (None,):
            # Between two migrations the columns that it reads may not all be there.
            cursor.execute("SET LOCAL check_function_bodies = off")
            cursor.execute((_SQL / "resolve_api_key.sql").read_text())
    close_tables(connection)


def close_tables(connection: BaseDatabaseWrapper) -> None:
    """Revokes all access to our tables, sequences and functions from everybody but the owner, then
    grants the edge its two operations. Idempotent.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT quote_ident(c.relname), c.relkind FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S')
              AND pg_has_role(c.relowner, 'USAGE')
            """
        )
        relations: list[tuple[str, Any]] = cursor.fetchall()
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(_ROLES)])
        closed_to = ", ".join(["PUBLIC", *(row[0] for row in cursor.fetchall())])
        for name, kind in relations:
            if kind == "S":
                cursor.execute(f"REVOKE ALL ON SEQUENCE public.{name} FROM {closed_to}")
                continue
            cursor.execute(f"ALTER TABLE public.{name} ENABLE ROW LEVEL SECURITY")
            cursor.execute(f"REVOKE ALL ON TABLE public.{name} FROM {closed_to}")
        cursor.execute("SELECT to_regprocedure(%s)", [_RESOLVE])
        if cursor.fetchone() == (None,):
            return
        for function in (_RESOLVE, _ROW_CHECK):
            cursor.execute(f"REVOKE ALL ON FUNCTION {function} FROM {closed_to}")
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO watchllm_edge")
        cursor.execute(f"GRANT USAGE ON SCHEMA public, {_PRIVATE} TO watchllm_edge")
        # Between two migrations not all of them are there.
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'public.usage_logs'::regclass "
            "AND attname = ANY(%s) AND NOT attisdropped",
            [list(usage_events.COLUMNS)],
        )
        columns = ", ".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"GRANT INSERT ({columns}) ON public.usage_logs TO watchllm_edge")
        cursor.execute("GRANT SELECT (request_id) ON public.usage_logs TO watchllm_edge")
        # A running PostgREST learns of the new schema (sent with the commit).
        cursor.execute("NOTIFY pgrst, 'reload schema'")
