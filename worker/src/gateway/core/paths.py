"""Paths as callers write them: one spelling, and Azure's.

Azure's SDK asks for ``/openai/deployments/{model}/chat/completions?api-version=…``, and for what
belongs to no deployment, ``/openai/files?api-version=…``. Source: Azure OpenAI's REST reference.
"""

import re
from urllib.parse import unquote

_SLASHES = re.compile(r"/{2,}")
_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)(/.+)")
_AZURE = "/openai/"


def tidy(path: str) -> str:
    """Without empty segments and without a slash at the end."""
    return _SLASHES.sub("/", path).rstrip("/") or "/"


def azure(path: str) -> tuple[str, str | None]:
    """A tidy path as OpenAI has it, and the deployment that it names, which is the model."""
    if path.startswith(f"/v1{_AZURE}"):
        path = path.removeprefix("/v1")
    found = _DEPLOYMENT.fullmatch(path)
    if found is not None:
        return found[2], unquote(found[1])
    return (path.removeprefix("/openai") if path.startswith(_AZURE) else path), None
