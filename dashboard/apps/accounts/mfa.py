"""Second factors: their secrets lie sealed in the database, as provider keys do."""

import os

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from shared import envelope

_PURPOSE = b"mfa"
"""Additional authenticated data: a sealed provider key does not open as a factor's secret, nor the
other way round."""


class SealingMFAAdapter(DefaultMFAAdapter):
    """TOTP secrets and recovery-code seeds in AES-256-GCM envelopes."""

    def encrypt(self, text: str) -> str:
        """Sealed by the first key of ENCRYPTION_KEYS."""
        key_id, key = next(iter(settings.ENCRYPTION_KEYS.items()))
        nonce = os.urandom(envelope.NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), _PURPOSE)
        return envelope.Envelope(key_id, nonce, sealed).dump()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises when the key that sealed it is gone: the factor then cannot be used."""
        sealed = envelope.parse(encrypted_text)
        key = settings.ENCRYPTION_KEYS[sealed.key_id]
        return AESGCM(key).decrypt(sealed.nonce, sealed.sealed, _PURPOSE).decode()
