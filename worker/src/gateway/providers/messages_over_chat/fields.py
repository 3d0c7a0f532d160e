"""Fields of a Messages request, checked for their type."""

from typing import Any

from gateway.core.errors import InvalidRequest
from gateway.formats.base import Json


def given(body: Json, name: str, kind: type) -> Any:
    """The field's value, ``None`` where it is not set. Raises ``InvalidRequest``."""
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        what = "list" if kind is list else "dictionary"
        raise InvalidRequest(f"{name}: Input should be a valid {what}", param=name)
    return value
