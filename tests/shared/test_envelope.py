"""Envelopes of sealed secrets, and the setting that holds the keys."""

import base64

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from shared import envelope
from shared.envelope import Envelope, EnvelopeError

KEY = bytes(range(32))


@given(
    st.text(alphabet="abcdef0123456789-_", min_size=1, max_size=20),
    st.binary(min_size=12, max_size=12),
    st.binary(min_size=16, max_size=300),
)
def test_dump_and_parse_are_inverse(key_id: str, nonce: bytes, sealed: bytes) -> None:
    made = Envelope(key_id, nonce, sealed)
    text = made.dump()
    assert envelope.parse(text) == made
    assert text.isascii()
    assert "=" not in text


def test_opens_only_for_the_project_it_was_sealed_for() -> None:
    nonce = b"n" * 12
    text = Envelope("k1", nonce, AESGCM(KEY).encrypt(nonce, b"sk-secret", b"project-a")).dump()
    parsed = envelope.parse(text)
    assert AESGCM(KEY).decrypt(parsed.nonce, parsed.sealed, b"project-a") == b"sk-secret"
    with pytest.raises(InvalidTag):
        AESGCM(KEY).decrypt(parsed.nonce, parsed.sealed, b"project-b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1",
        "v1.k1",
        "v1.k1.",
        "v1..AAAA",
        "v3.k1." + "A" * 40,
        "v1.k1." + "A" * 36,  # 27 bytes: one less than nonce and tag
        "v1.k1." + "A" * 39 + "!",
        "v1.k1." + "A" * 40 + "\n",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(EnvelopeError) as error:
        envelope.parse(text)
    assert "AAAA" not in str(error.value)


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parsed = envelope.parse(text)
    except EnvelopeError:
        return
    assert len(parsed.nonce) == envelope.NONCE_BYTES


def test_parse_keys_keeps_their_order() -> None:
    new, old = base64.b64encode(KEY).decode(), base64.b64encode(KEY[::-1]).decode()
    keys = envelope.parse_keys(f"new:{new}, old:{old},")
    assert list(keys) == ["new", "old"]
    assert keys["new"] == KEY


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("", "no encryption key"),
        ("c2VjcmV0", "key 1"),
        ("k1:c2VjcmV0", "key 1"),
        ("k1:" + "A" * 43 + "=,k2:%%", "key 2"),
        ("a.b:" + "A" * 43 + "=", "key 1"),
    ],
)
def test_parse_keys_names_the_entry_and_never_its_content(setting: str, says: str) -> None:
    with pytest.raises(EnvelopeError, match=says) as error:
        envelope.parse_keys(setting)
    assert "c2VjcmV0" not in str(error.value)


def test_a_provider_key_is_bound_to_its_place_without_ambiguity() -> None:
    places = [
        ("p", "openai", None),
        ("p", "openai", "x"),
        ("p", "openaix", ""),
        ("po", "penai", ""),
    ]
    assert len({envelope.credential_aad("v2", *place) for place in places}) == len(places)
    assert {envelope.credential_aad("v1", *place) for place in places} == {b"p", b"po"}
