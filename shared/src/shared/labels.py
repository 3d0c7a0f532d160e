"""Labels of a request: who and what it was for, as its usage row keeps them.

A label is a name and a value, both text. Names begin with a letter: a name of digits would be an
array's index to SQL's JSON paths. Labels are no part of a cache key and are never passed on.
"""

import hashlib
import hmac
import re
from typing import Any, Final

HEADER: Final = "x-watchllm-metadata"
SESSION_HEADERS: Final = (
    "x-claude-code-session-id",  # Claude Code, from 2.1.86 (March 2026)
    "session-id",  # Codex
    "session_id",  # Codex, earlier
)
"""The first that a request has names its session."""
APP_HEADER: Final = "x-title"
"""How OpenRouter's clients name themselves."""
HEADERS: Final = (HEADER, *SESSION_HEADERS, APP_HEADER)
BODY_FIELDS: Final = ("metadata", "user", "safety_identifier")
USER: Final = "user"
SESSION: Final = "session"
APP: Final = "app"
MOST: Final = 16
"""Labels that a caller may give in its header, and that are read from a body's ``metadata``."""
LONGEST_VALUE: Final = 256
LONGEST_HEADER: Final = 8_192
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,63}\Z")
_PSEUDONYM_DIGITS = 32
UNLABELLED: Final = "unlabelled"
"""The account of requests without the label that a project limits. No value's account has this
name, nor ``other``, where values count beyond the bound."""


def is_name(text: str) -> bool:
    """Whether ``text`` can be a label's name: a letter, then up to 63 of A-Z a-z 0-9 _ . : / -"""
    return _NAME.match(text) is not None


def as_value(value: Any) -> str | None:
    """A string, number or boolean of JSON as a label's value; ``None`` where it cannot be one.

    Text is printable, so that every database and every CSV file can hold it.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        text = repr(value)
    elif isinstance(value, str):
        text = value.strip()
    else:
        return None
    return text if 0 < len(text) <= LONGEST_VALUE and text.isprintable() else None


def pseudonym(project_salt: str, value: str) -> str:
    """What stands for ``value`` in a project that keeps no plain ids of its users: 128 bits of an
    HMAC-SHA256 under a key of the project. Equal values of one project stay equal.

    The key is the project's salt, which is never shown and is replaced when the project is deleted.
    """
    key = hmac.new(project_salt.encode(), b"watchllm: labels", hashlib.sha256).digest()
    digest = hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"id_{digest[:_PSEUDONYM_DIGITS]}"


def account(project_salt: str, name: str, value: str) -> str:
    """Under which a label's value is counted in Redis: 32 hex digits, so that a value of any length
    takes the same room, and Redis holds no ids of users."""
    key = hmac.new(project_salt.encode(), b"watchllm: label accounts", hashlib.sha256).digest()
    text = f"{name}\x00{value}".encode("utf-8", "surrogatepass")
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:_PSEUDONYM_DIGITS]
