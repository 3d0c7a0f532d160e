"""Sealing secrets with AES-256-GCM, in the envelope format of ``shared.envelope``.

Provider keys are bound to project, provider and base URL; other secrets to their project.
"""

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared import envelope


def seal(plaintext: str, *, project_id: str, keys: Mapping[str, bytes]) -> str:
    """The envelope's text, sealed by the first of ``keys`` and bound to the project."""
    return _seal(plaintext, project_id.encode(), keys, envelope.FIRST)


def unseal(text: str, *, project_id: str, keys: Mapping[str, bytes]) -> str:
    """The plaintext of an envelope of this project. Raises ``EnvelopeError``."""
    return _unseal(envelope.parse(text), project_id.encode(), keys)


def seal_credential(
    secret: str, *, project_id: str, provider: str, base_url: str | None, keys: Mapping[str, bytes]
) -> str:
    """The envelope of a provider key, which opens for this provider at this address alone."""
    aad = envelope.credential_aad(envelope.CREDENTIAL, project_id, provider, base_url)
    return _seal(secret, aad, keys, envelope.CREDENTIAL)


def unseal_credential(
    text: str, *, project_id: str, provider: str, base_url: str | None, keys: Mapping[str, bytes]
) -> str:
    """The provider key of an envelope, also of one sealed before the address was bound.

    Raises ``EnvelopeError``.
    """
    found = envelope.parse(text)
    aad = envelope.credential_aad(found.version, project_id, provider, base_url)
    return _unseal(found, aad, keys)


def _seal(plaintext: str, aad: bytes, keys: Mapping[str, bytes], version: str) -> str:
    key_id, key = next(iter(keys.items()))
    nonce = os.urandom(envelope.NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plaintext.encode(), aad)
    return envelope.Envelope(key_id, nonce, sealed, version).dump()


def _unseal(found: envelope.Envelope, aad: bytes, keys: Mapping[str, bytes]) -> str:
    key = keys.get(found.key_id)
    if key is None:
        raise envelope.EnvelopeError("sealed by a key that is not here")
    try:
        return AESGCM(key).decrypt(found.nonce, found.sealed, aad).decode()
    except (InvalidTag, UnicodeDecodeError) as error:
        raise envelope.EnvelopeError("the envelope does not open") from error
