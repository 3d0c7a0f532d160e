"""Encryption keys and pepper: do they fit what is stored?"""

from collections.abc import Iterator

from django.conf import settings

from apps.projects.encryption import unseal_credential
from apps.projects.models import ApiKey, ProviderCredential
from apps.staff.doctor.findings import Finding
from shared import api_keys
from shared.envelope import EnvelopeError


def check_encryption() -> Iterator[Finding]:
    """Every stored provider key opens."""
    total = 0
    lost: list[str] = []
    stored = ProviderCredential.objects.values_list(
        "id", "project_id", "provider", "base_url", "envelope"
    )
    for identifier, project_id, provider, base_url, text in stored.iterator():
        total += 1
        try:
            unseal_credential(
                text,
                project_id=str(project_id),
                provider=provider,
                base_url=base_url,
                keys=settings.ENCRYPTION_KEYS,
            )
        except EnvelopeError:
            lost.append(str(identifier))
    if lost:
        yield Finding(
            "encryption keys",
            "failed",
            f"{len(lost)} of {total} provider keys do not open (first: {lost[0]})",
            "Put the key that sealed them back into ENCRYPTION_KEYS, behind the first.",
        )
    else:
        yield Finding("encryption keys", "ok", f"all {total} stored provider keys open")


def check_api_key(key: str) -> Iterator[Finding]:
    """A key of a customer or of the operator is found under the pepper, or the second one."""
    if not api_keys.well_formed(key):
        yield Finding("pepper", "failed", "the given key is mistyped", "Copy it again.")
        return
    for name in ("API_KEY_PEPPER", "API_KEY_PEPPER_SECOND"):
        pepper = getattr(settings, name)
        if pepper and ApiKey.objects.filter(key_hash=api_keys.key_hash(key, pepper)).exists():
            yield Finding("pepper", "ok", f"the given key is found under {name}")
            return
    same_prefix = ApiKey.objects.filter(prefix=api_keys.prefix(key), last4=api_keys.last4(key))
    if same_prefix.exists():
        mend = "Restore the API_KEY_PEPPER under which the keys were made; no key works without it."
        yield Finding("pepper", "failed", "the given key was made under another pepper", mend)
    else:
        yield Finding("pepper", "failed", "the given key is not in this database", "")
