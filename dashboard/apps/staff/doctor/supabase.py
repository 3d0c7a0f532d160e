"""Supabase as the Worker uses it: two calls that must work, and everything else refused."""

import warnings
from collections.abc import Callable, Iterator

import httpx
from django.apps import apps
from django.conf import settings
from postgrest import ReturnMethod
from supabase import Client, ClientOptions, PostgrestAPIError, create_client

from apps.staff.doctor.findings import Finding

_TIMEOUT_SECONDS = 5
_NO_KEY = "0" * 64
_MENDS = {
    "PGRST301": "SUPABASE_KEY must be a JWT with role watchllm_edge, signed with the project's JWT "
    "secret; SUPABASE_PUBLISHABLE_KEY the project's publishable key.",
    "PGRST202": "Run manage.py migrate with DATABASE_URL on this Supabase project.",
    "42501": "Run manage.py migrate; the JWT's role must be watchllm_edge.",
}


def check() -> Iterator[Finding]:
    """The look-up, the insert, and every table of ours from the Worker's side."""
    if not settings.SUPABASE_URL:
        says = "SUPABASE_URL is not set here, so the Worker's calls are not tried"
        yield Finding("supabase", "skipped", says, "Set it as the Worker has it.")
        return
    client = _client()
    try:
        yield from _findings(client)
    finally:
        client.postgrest.session.close()


def _findings(client: Client) -> Iterator[Finding]:
    calls: dict[str, Callable[[], object]] = {
        "look-up of a key": client.rpc("resolve_api_key", {"key_hash": _NO_KEY}).execute,
        # Nothing to insert: PostgreSQL checks the rights all the same.
        "insert of usage rows": client.table("usage_logs")
        .upsert(
            [], on_conflict="request_id", ignore_duplicates=True, returning=ReturnMethod.minimal
        )
        .execute,
    }
    for name, call in calls.items():
        try:
            call()
        except PostgrestAPIError as error:
            says = f"{name}: {error.code} {error.message}"
            yield Finding("supabase", "failed", says, _MENDS.get(error.code or "", ""))
            return
        except httpx.HTTPError as error:
            mend = "Check SUPABASE_URL and that the project is not paused."
            yield Finding("supabase", "failed", f"{name}: {type(error).__name__}", mend)
            return
        yield Finding("supabase", "ok", f"{name} works")
    yield _refused_tables(client)


def _refused_tables(client: Client) -> Finding:
    tables = {model._meta.db_table for model in apps.get_models()} | {"auth_user"}
    open_tables = sorted(table for table in tables if not _refuses(client, table))
    if open_tables:
        return Finding(
            "supabase",
            "failed",
            f"the Worker's key can read {', '.join(open_tables)}",
            "Never give the Worker the service key. Use a JWT for watchllm_edge, and migrate.",
        )
    return Finding("supabase", "ok", f"{len(tables)} tables are closed to the Worker's key")


def _refuses(client: Client, table: str) -> bool:
    try:
        client.table(table).select("*").limit(1).execute()
    except PostgrestAPIError:
        return True
    return False


def _client() -> Client:
    """With both keys in their places, as the Worker sends them."""
    options = ClientOptions(
        headers={"Authorization": f"Bearer {settings.SUPABASE_KEY}"},
        postgrest_client_timeout=_TIMEOUT_SECONDS,
    )
    with warnings.catch_warnings():
        # The library passes its own PostgREST client an argument that it has itself deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        client = create_client(settings.SUPABASE_URL, settings.SUPABASE_API_KEY, options)
        client.postgrest.headers["Authorization"] = f"Bearer {settings.SUPABASE_KEY}"
    return client
