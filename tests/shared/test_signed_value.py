"""Values in Redis: read back, and nothing that was not signed for that key."""

import pytest

from shared import signed_value

PEPPER = b"pepper"


@pytest.mark.parametrize("text", ["", "revoked", '{"a": "b.c"}', "zoë\nline"])
def test_read_back(text: str) -> None:
    assert signed_value.read(PEPPER, "key:1", signed_value.sign(PEPPER, "key:1", text)) == text


def test_anything_else_is_absent() -> None:
    good = signed_value.sign(PEPPER, "key:1", "text")
    version, mac, text = good.split(".")
    for value in ("", "text", "v1", "v1.", "v1..text", f"v2.{mac}.{text}", f"{version}.é.text"):
        assert signed_value.read(PEPPER, "key:1", value) is None
    assert signed_value.read(PEPPER, "key:1", good + " ") is None
    assert signed_value.read(PEPPER, "key:2", good) is None
    assert signed_value.read(b"another", "key:1", good) is None
