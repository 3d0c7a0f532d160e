"""The readable head of a cache entry in Redis: ``<created ms>:<model>:<namespace>:``.

It stands before the sealed answer. Redis compares the time with the purge cutoffs, which are by
model and namespace; the dashboard counts what is kept by the same two. Both are percent-encoded and
cut to ``LONGEST`` characters, so that a head never exceeds ``HEAD_BYTES``.
"""

from functools import lru_cache
from urllib.parse import quote, unquote

LONGEST = 96
HEAD_BYTES = 256


@lru_cache(maxsize=1024)
def label(model: str, namespace: str) -> str:
    """``<model>:<namespace>`` as it stands in the head."""
    return f"{quote(model, safe='')[:LONGEST]}:{quote(namespace, safe='')[:LONGEST]}"


def read_label(text: str) -> tuple[str, str]:
    """Model and namespace of a ``label``; a name that was cut stays cut."""
    model, _, namespace = text.partition(":")
    return unquote(model), unquote(namespace)
