"""Every signed-in route, found in the URLconf, with arguments that name the first tenant's rows."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse


def signed_in_routes() -> Iterator[tuple[str, URLPattern]]:
    """``(route, pattern)`` of everything below ``app/``."""
    for found in get_resolver().url_patterns:
        if isinstance(found, URLResolver) and str(found.pattern) == "app/":
            yield from _below("app/", found)


def _below(prefix: str, resolver: URLResolver) -> Iterator[tuple[str, URLPattern]]:
    for found in resolver.url_patterns:
        route = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            yield from _below(route, found)
        else:
            yield route, found


def arguments(pattern: URLPattern, route: str, known: dict[str, Any]) -> dict[str, Any]:
    """Values for the route's converters: known rows by name, otherwise something of the type."""
    values = {}
    for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", route):
        values[name] = known.get(name, _ANY.get(kind, "x"))
    return values


def url_of(route: str, pattern: URLPattern, known: dict[str, Any], **other: Any) -> str:
    """The route's address with ``known`` rows, or ``other`` in their place."""
    assert pattern.name
    return reverse(pattern.name, kwargs=arguments(pattern, route, {**known, **other}))


_ANY = {"int": 1, "uuid": "00000000-0000-4000-8000-000000000000", "slug": "x", "str": "x"}
