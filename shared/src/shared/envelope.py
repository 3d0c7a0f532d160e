"""AES-256-GCM envelopes: ``<version>.<key id>.<base64url of nonce ‖ ciphertext ‖ tag>``.

The version says what the additional authenticated data is. ``v1``: whatever the caller binds the
secret to, for a project's secrets its id. ``v2``: a provider key bound to project, provider and
base URL (``credential_aad``): it does not open in another tenant's row, nor for another address
than the one it was entered for. Why: docs/adr/0204.

The cipher itself is injected: CPython has ``cryptography``, a Worker has WebCrypto; both are
wrapped by the caller. Format after RFC 5116 (12-byte nonce).
"""

import base64
import binascii
import json
from dataclasses import dataclass

NONCE_BYTES = 12
TAG_BYTES = 16
FIRST = "v1"
CREDENTIAL = "v2"
_VERSIONS = (FIRST, CREDENTIAL)


class EnvelopeError(ValueError):
    """The text is not an envelope, or names a key that this deployment does not have."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """``sealed`` is ciphertext followed by the 16-byte tag; ``version`` is v1 or v2."""

    key_id: str
    nonce: bytes
    sealed: bytes
    version: str = FIRST

    def dump(self) -> str:
        """The text form, safe for a database column or a JSON string."""
        payload = base64.urlsafe_b64encode(self.nonce + self.sealed).decode().rstrip("=")
        return f"{self.version}.{self.key_id}.{payload}"


def parse(text: str) -> Envelope:
    """Raises ``EnvelopeError``; never repeats the text in its message."""
    version, _, rest = text.partition(".")
    key_id, _, payload = rest.partition(".")
    if version not in _VERSIONS or not key_id or not payload:
        raise EnvelopeError("not an envelope of a known version")
    try:
        raw = base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise EnvelopeError("the envelope's payload is not base64url") from error
    if len(raw) < NONCE_BYTES + TAG_BYTES:
        raise EnvelopeError("the envelope is too short")
    return Envelope(key_id, raw[:NONCE_BYTES], raw[NONCE_BYTES:], version)


def credential_aad(version: str, project_id: str, provider: str, base_url: str | None) -> bytes:
    """What a provider key in an envelope of ``version`` is bound to."""
    if version == FIRST:
        return project_id.encode()
    return json.dumps([project_id, provider, base_url or ""]).encode()


def parse_keys(setting: str) -> dict[str, bytes]:
    """``id:base64,id:base64`` → keys by id, in order; the first one seals.

    Raises ``EnvelopeError`` naming the entry's position, never its content.
    """
    keys: dict[str, bytes] = {}
    for position, item in enumerate(filter(None, setting.split(",")), start=1):
        key_id, _, encoded = item.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise EnvelopeError(f"encryption key {position} is not base64") from error
        if not key_id or "." in key_id or len(key) != 32:
            raise EnvelopeError(f"encryption key {position} must be id:base64 of 32 bytes")
        keys[key_id] = key
    if not keys:
        raise EnvelopeError("no encryption key is set")
    return keys
