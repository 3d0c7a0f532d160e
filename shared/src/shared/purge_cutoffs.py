"""A purge, as the edge and the dashboard do it: a cutoff time advances, older entries are dead.

``lua/advance_cutoff.lua`` does it. The hash ``redis_keys.cutoffs`` has a field for each scope that
was purged, whose value is unix time in ms by Redis's own clock, which also stamps the entries. An
entry created at or before a cutoff of its scope is never served again, wherever it is (ADR 0007).
A field is ``all``, a model's, a namespace's, or a model's with a namespace's behind it.
"""

KEPT_SECONDS = 31 * 86_400
"""Longer than any entry lives, so that none outlives the cutoff that killed it."""


def model_field(model: str) -> str:
    """Of every entry of a model."""
    return f"model:{model}"


def namespace_field(namespace: str) -> str:
    """Of every entry of a namespace; the empty one is that of requests that name none."""
    return f"ns:{namespace}"


def scope_field(model: str | None, namespace: str | None) -> str:
    """Of what a purge is about; ``None`` stands for all."""
    field = "" if model is None else model_field(model)
    return field + ("" if namespace is None else namespace_field(namespace)) or "all"
