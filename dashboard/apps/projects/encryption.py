"""Sealing provider keys: AES-256-GCM in the envelope format of ``shared.envelope``."""

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared import envelope


def seal(plaintext: str, *, project_id: str, keys: Mapping[str, bytes]) -> str:
    """The envelope's text, sealed by the first of ``keys`` and bound to the project."""
    key_id, key = next(iter(keys.items()))
    nonce = os.urandom(envelope.NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plaintext.encode(), project_id.encode())
    return envelope.Envelope(key_id, nonce, sealed).dump()


def unseal(text: str, *, project_id: str, keys: Mapping[str, bytes]) -> str:
    """The plaintext of an envelope of this project. Raises ``EnvelopeError``."""
    found = envelope.parse(text)
    key = keys.get(found.key_id)
    if key is None:
        raise envelope.EnvelopeError("sealed by a key that is not here")
    try:
        return AESGCM(key).decrypt(found.nonce, found.sealed, project_id.encode()).decode()
    except (InvalidTag, UnicodeDecodeError) as error:
        raise envelope.EnvelopeError("the envelope does not open") from error
