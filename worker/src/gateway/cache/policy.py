"""What a request and its project say about caching, as one value.

Headers: ``Cache-Control`` after RFC 9111 (``no-cache``, ``no-store``, ``max-age``) and our own
``x-watchllm-…``. Anything malformed is a clear 400, never silently ignored.
"""

import re
from dataclasses import dataclass

from gateway.core.errors import InvalidHeader
from gateway.core.http import Request
from shared.key_record import Project

MAX_TTL_SECONDS = 30 * 24 * 3600
"""No entry lives longer: purge cutoffs are kept a day longer than this."""
_NAMESPACE = re.compile(r"[A-Za-z0-9._:/@-]{1,128}\Z")
_NUMBER = re.compile(r"[0-9]{1,10}\Z")
_MODES = ("on", "off", "refresh", "only")
_SEMANTIC = ("off", "strict", "balanced")
_PROMPT_CACHE = ("off", "auto", "tune")


@dataclass(frozen=True, slots=True)
class Policy:
    """``read``/``write``: whether a stored answer may be served, and this one stored.

    ``only_if_cached``: never ask the provider. ``max_age`` seconds, ``None`` for any.
    ``why_bypass`` names the reason when the cache takes no part. ``prompt_cache``: whether markers
    for the provider's own prompt cache are placed (``auto``), and the caller's changed (``tune``).
    """

    read: bool
    write: bool
    only_if_cached: bool
    ttl_seconds: int
    max_age: int | None
    namespace: str
    semantic: str
    why_bypass: str | None = None
    prompt_cache: str = "off"

    @property
    def coalesces(self) -> bool:
        """Whether identical requests may share one answer of the provider."""
        return self.read and self.write and self.max_age is None and self.why_bypass is None


def from_request(request: Request, project: Project, *, embeddings: bool = False) -> Policy:
    """Raises ``InvalidHeader``."""
    mode = _choice(request, "x-watchllm-cache", _MODES) or "on"
    ttl = _ttl(request)
    if ttl is None:
        ttl = project.embeddings_ttl_seconds if embeddings else project.ttl_seconds
        ttl = min(ttl, MAX_TTL_SECONDS)
    namespace = request.header("x-watchllm-cache-namespace")
    if namespace is None:
        namespace = project.namespace
    elif not _NAMESPACE.match(namespace):
        raise InvalidHeader(
            "x-watchllm-cache-namespace takes 1 to 128 letters, digits or . _ : / @ -",
            param="x-watchllm-cache-namespace",
        )
    semantic = _choice(request, "x-watchllm-semantic", _SEMANTIC) or project.semantic_mode
    if not project.semantic_allowed:
        semantic = "off"

    prompt_cache = _choice(request, "x-watchllm-prompt-cache", _PROMPT_CACHE)
    prompt_cache = prompt_cache or project.prompt_cache

    no_cache, no_store, max_age = _cache_control(request)
    read = mode != "refresh" and not no_cache
    write = mode != "only" and not no_store
    why = None
    if not project.cache_enabled:
        why = "disabled by the project"
    elif mode == "off":
        why = "x-watchllm-cache: off"
    elif no_store and mode != "only":
        # RFC 9111 lets a no-store request be answered from a cache; a caller who says so to us
        # means "leave my request alone", so the cache is neither read nor written.
        why = "cache-control: no-store"
    if why:
        read = write = False
    return Policy(read, write, mode == "only", ttl, max_age, namespace, semantic, why, prompt_cache)


def _choice(request: Request, name: str, allowed: tuple[str, ...]) -> str | None:
    value = request.header(name)
    if value is None:
        return None
    value = value.strip().lower()
    if value not in allowed:
        raise InvalidHeader(f"{name} takes one of: {', '.join(allowed)}", param=name)
    return value


def _ttl(request: Request) -> int | None:
    name = "x-watchllm-cache-ttl"
    value = request.header(name)
    if value is None:
        return None
    if not _NUMBER.match(value) or not 1 <= int(value) <= MAX_TTL_SECONDS:
        raise InvalidHeader(f"{name} must be whole seconds from 1 to {MAX_TTL_SECONDS}", param=name)
    return int(value)


def _cache_control(request: Request) -> tuple[bool, bool, int | None]:
    """Unknown directives are ignored, as RFC 9111 asks; a malformed max-age is treated as 0."""
    no_cache = no_store = False
    max_age: int | None = None
    for item in (request.header("cache-control") or "").split(","):
        name, _, argument = item.strip().lower().partition("=")
        if name == "no-cache":
            no_cache = True
        elif name == "no-store":
            no_store = True
        elif name == "max-age":
            argument = argument.strip('"')
            digits = argument.isascii() and argument.isdigit()
            max_age = int(argument[:10]) if digits else 0  # RFC 9111, 1.2.2: clamp, not refuse
    return no_cache, no_store, max_age
