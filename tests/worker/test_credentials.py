"""A project's own provider key opens for the provider and the address it was sealed for."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.envelope import Envelope
from tests.worker.edge import Edge


def test_a_key_is_not_sent_to_an_address_that_was_changed_underneath(edge: Edge) -> None:
    """Whoever may write the record but has no encryption key: also after the key was in use."""
    tenant = edge.tenant()
    tenant.bring_key(edge.openai.base_url, key=edge.openai.key)
    assert tenant.chat().status_code == 200
    before = edge.openai.calls()
    for change in ({"base_url": f"{edge.openai.base_url}/"}, {"provider": "groq"}):
        credential = tenant.record["credentials"][0] | change
        moved = edge.tenant()
        moved.record |= {"project_id": tenant.project_id, "credentials": [credential]}
        answer = moved.chat(model="groq/llama-3.1-8b-instant" if "provider" in change else "gpt-4o")
        assert answer.status_code == 424, answer.text
    assert edge.openai.calls() == before


def test_a_key_sealed_before_addresses_were_bound_still_opens(edge: Edge) -> None:
    tenant = edge.tenant()
    tenant.bring_key(edge.openai.base_url)
    nonce = bytes(12)
    sealed = AESGCM(bytes(32)).encrypt(nonce, edge.openai.key.encode(), tenant.project_id.encode())
    tenant.record["credentials"][0]["envelope"] = Envelope("k1", nonce, sealed).dump()
    assert tenant.chat().status_code == 200
