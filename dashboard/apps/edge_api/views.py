"""The two PostgREST routes the edge uses, over the ORM.

Supabase serves them in production from the functions and policies in ``sql/``; these views serve
the local stack. One contract suite (``tests/contract``) runs against both. What PostgREST could do
beyond the two routes is refused here as the edge's role is refused it there.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.edge_api import errors, preferences
from apps.edge_api.auth import authenticate
from apps.edge_api.errors import PostgrestError
from apps.edge_api.rows import parse_rows
from apps.edge_api.services import usage_logs_insert
from apps.projects.selectors import key_record


def _postgrest(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponse]:
    """Authenticates by key (so CSRF does not apply) and renders ``PostgrestError``."""

    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: str) -> HttpResponse:
        try:
            authenticate(request)
            return view(request, **kwargs)
        except PostgrestError as error:
            return error.response()

    return csrf_exempt(wrapped)


@_postgrest
def resolve_api_key(request: HttpRequest) -> HttpResponse:
    """``{"key_hash": hex}`` → the key record, or ``null``."""
    if request.method != "POST":
        raise PostgrestError(405, "PGRST101", f"Cannot use the {request.method} method on RPC")
    arguments = _json(request) if request.body else {}
    if not isinstance(arguments, dict):
        raise errors.bad_body()
    if arguments.keys() != {"key_hash"}:
        raise errors.unknown_arguments(sorted(arguments))
    return JsonResponse(key_record(str(arguments["key_hash"])), safe=False)


@_postgrest
def usage_logs(request: HttpRequest) -> HttpResponse:
    """Inserts one row or an array of rows, all or none."""
    if request.method != "POST":
        raise errors.permission_denied("table usage_logs")
    wanted = preferences.parse(request.headers.get("Prefer", ""))
    on_conflict = request.GET.get("on_conflict", "request_id")
    if wanted.ignore_duplicates and on_conflict != "request_id":
        raise PostgrestError(
            400,
            "42P10",
            "there is no unique or exclusion constraint matching the ON CONFLICT specification",
        )
    rows = parse_rows(_json(request), columns=_columns(request))
    usage_logs_insert(rows=rows, ignore_duplicates=wanted.ignore_duplicates)
    response = HttpResponse(status=201)
    if wanted.applied:
        response["Preference-Applied"] = wanted.applied
    return response


@_postgrest
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Every other table or function of the schema is out of the edge's reach."""
    del request
    name = rest.removeprefix("rpc/").strip("/")
    code, kind = ("PGRST202", "function") if rest.startswith("rpc/") else ("PGRST205", "table")
    raise PostgrestError(
        404, code, f"Could not find the {kind} 'public.{name}' in the schema cache"
    )


def _json(request: HttpRequest) -> Any:
    if request.content_type != "application/json":
        raise errors.bad_body(f"Content-Type not acceptable: {request.content_type}")
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise errors.bad_body() from error


def _columns(request: HttpRequest) -> list[str] | None:
    """The ``columns`` parameter; names may be quoted, as postgrest-py and -js do."""
    given = request.GET.get("columns")
    return None if given is None else [name.strip().strip('"') for name in given.split(",")]
