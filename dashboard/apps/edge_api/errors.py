"""PostgREST's errors: status, and a body of code, message, details and hint.

Codes starting with PGRST are PostgREST's own, the others PostgreSQL's SQLSTATE; see
https://docs.postgrest.org/en/stable/references/errors.html
"""

from django.http import JsonResponse


class PostgrestError(Exception):
    """Turned into a response by ``apps.edge_api.views``."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.hint = hint

    def response(self) -> JsonResponse:
        """The JSON body PostgREST would send."""
        return JsonResponse(
            {
                "code": self.code,
                "details": self.details,
                "hint": self.hint,
                "message": self.message,
            },
            status=self.status,
        )


def bad_body(message: str = "Empty or invalid json") -> PostgrestError:
    """The body could not be read."""
    return PostgrestError(400, "PGRST102", message)


def unknown_column(name: str) -> PostgrestError:
    """A column that ``usage_logs`` does not have."""
    return PostgrestError(
        400,
        "PGRST204",
        f"Could not find the '{name}' column of 'usage_logs' in the schema cache",
    )


def unknown_arguments(names: list[str]) -> PostgrestError:
    """``resolve_api_key`` was called with other arguments than ``key_hash``."""
    called = f"({', '.join(names)})" if names else " without parameters"
    searched = f"with parameters {', '.join(names)}" if names else "without parameters"
    return PostgrestError(
        404,
        "PGRST202",
        f"Could not find the function public.resolve_api_key{called} in the schema cache",
        details=f"Searched for the function public.resolve_api_key {searched}, but no matches "
        "were found in the schema cache.",
        hint="Perhaps you meant to call the function public.resolve_api_key(key_hash)",
    )


def permission_denied(subject: str) -> PostgrestError:
    """The edge's role may not do this."""
    return PostgrestError(403, "42501", f"permission denied for {subject}")
