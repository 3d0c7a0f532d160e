"""Who may call: the holder of SUPABASE_KEY, sent as Supabase's gateway expects it.

``apikey`` opens the gateway: on hosted Supabase the project's publishable key, here the same unless
SUPABASE_PUBLISHABLE_KEY is set. ``Authorization`` names the database role.
"""

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from apps.edge_api.errors import PostgrestError


def authenticate(request: HttpRequest) -> None:
    """``apikey`` is required; ``Authorization``, when left out, is taken to be the same key.

    Raises ``PostgrestError`` (401).
    """
    api_key = request.headers.get("apikey", "")
    if not api_key:
        raise PostgrestError(
            401,
            "PGRST301",
            "No API key found in request",
            hint="No `apikey` request header or url param was found.",
        )
    authorization = request.headers.get("authorization", f"Bearer {api_key}")
    scheme, _, token = authorization.partition(" ")
    # Both are always compared, so that the response time reveals nothing.
    known = constant_time_compare(api_key, settings.SUPABASE_API_KEY)
    same = constant_time_compare(token, settings.SUPABASE_KEY)
    if not (known and same and scheme.lower() == "bearer"):
        raise PostgrestError(401, "PGRST301", "Invalid API key")
