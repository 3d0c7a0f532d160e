"""The ``Prefer`` header of an insert."""

from dataclasses import dataclass

from apps.edge_api.errors import permission_denied


@dataclass(frozen=True, slots=True)
class InsertPreferences:
    """``applied`` is what ``Preference-Applied`` answers."""

    ignore_duplicates: bool
    applied: str


def parse(header: str) -> InsertPreferences:
    """Raises ``PostgrestError`` for what would need to read or update the log."""
    wanted = [item.strip() for item in header.split(",") if item.strip()]
    if "resolution=merge-duplicates" in wanted:
        raise permission_denied("table usage_logs")  # needs UPDATE
    if {"return=representation", "return=headers-only"} & set(wanted):
        raise permission_denied("table usage_logs")  # needs SELECT
    # missing=default asks for what happens anyway: no granted column has a default but null.
    known = ("resolution=ignore-duplicates", "missing=default", "return=minimal")
    return InsertPreferences(
        ignore_duplicates="resolution=ignore-duplicates" in wanted,
        applied=", ".join(item for item in known if item in wanted),
    )
