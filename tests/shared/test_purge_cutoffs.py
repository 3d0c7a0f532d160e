"""The names of purge scopes, and for how long a cutoff must be kept."""

import pytest

from gateway.cache.policy import MAX_TTL_SECONDS
from shared.purge_cutoffs import KEPT_SECONDS, model_field, namespace_field, scope_field


@pytest.mark.parametrize(
    ("model", "namespace", "field"),
    [
        (None, None, "all"),
        ("gpt-4o", None, "model:gpt-4o"),
        (None, "a", "ns:a"),
        (None, "", "ns:"),
        ("gpt-4o", "a", "model:gpt-4ons:a"),
    ],
)
def test_scopes(model: str | None, namespace: str | None, field: str) -> None:
    assert scope_field(model, namespace) == field


def test_an_entrys_fields_are_those_of_a_purge() -> None:
    assert scope_field("m", None) == model_field("m")
    assert scope_field(None, "n") == namespace_field("n")
    assert scope_field("m", "n") == model_field("m") + namespace_field("n")


def test_a_cutoff_outlives_every_entry_that_it_killed() -> None:
    assert KEPT_SECONDS > MAX_TTL_SECONDS
