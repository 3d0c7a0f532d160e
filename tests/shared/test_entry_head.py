"""The head of an entry holds whatever a client calls its model and namespace."""

import pytest

from shared import entry_head


@pytest.mark.parametrize(
    ("model", "namespace"),
    [("gpt-4o-mini", "default"), ("org/model:free", "a:b/c"), ("", ""), ("modèle %3A", "v2")],
)
def test_read_back(model: str, namespace: str) -> None:
    label = entry_head.label(model, namespace)
    assert label.count(":") == 1
    assert entry_head.read_label(label) == (model, namespace)


def test_a_head_is_short() -> None:
    label = entry_head.label("m" * 5_000, "é" * 5_000)
    assert len(f"1764000000000:{label}:") <= entry_head.HEAD_BYTES
    assert entry_head.read_label(label)[0] == "m" * entry_head.LONGEST
