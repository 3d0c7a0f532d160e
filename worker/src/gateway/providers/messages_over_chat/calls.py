"""Names of tools and ids of calls in the form that a provider takes, for one request."""

import hashlib
from collections.abc import Mapping
from typing import Any

LONGEST_NAME = 64
"""OpenAI, "Function calling" (from memory), and the providers that follow it. Anthropic takes 128
characters, and Claude Code's names of MCP tools have more than 64."""
_HASHED = 8


class CallLabels:
    """``id_length``: see ``Capabilities.call_id_length``."""

    def __init__(self, id_length: int | None = None) -> None:
        self._id_length = id_length
        self._names: dict[str, str] = {}

    @property
    def names(self) -> Mapping[str, str]:
        """Shortened name → the caller's own, for those that were too long."""
        return self._names

    def name(self, given: Any) -> Any:
        """A tool's name as it is sent. The same name is always shortened to the same."""
        if not isinstance(given, str) or len(given) <= LONGEST_NAME:
            return given
        short = f"{given[: LONGEST_NAME - _HASHED - 1]}_{_hash(given)[:_HASHED]}"
        self._names[short] = given
        return short

    def id(self, given: Any) -> Any:
        """A call's id as it is sent, the same at the call and at its result. Ids that the provider
        made itself stay as they are."""
        length = self._id_length
        if length is None or not isinstance(given, str):
            return given
        fits = len(given) == length and given.isascii() and given.isalnum()
        return given if fits else _hash(given)[:length]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
