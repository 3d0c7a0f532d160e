"""All checks in the order in which to read them."""

from collections.abc import Collection, Iterator
from functools import partial

from apps.staff.doctor import redis, secrets, site, supabase, vendors
from apps.staff.doctor.findings import Check, Finding
from apps.staff.doctor.redact import redacted

CHECKS: dict[str, Check] = {
    "database": site.check_database,
    "supabase": supabase.check,
    "redis": redis.check,
    "encryption keys": secrets.check_encryption,
    "edge": site.check_edge,
    "providers": vendors.check_providers,
    "stripe": vendors.check_stripe,
    "mailgun": vendors.check_mailgun,
    "settings": site.check_settings,
}


def findings(*, api_key: str = "", skip: Collection[str] = ()) -> Iterator[Finding]:
    """Every finding as it is made, without secrets. Never raises; takes as long as the services."""
    checks = {name: check for name, check in CHECKS.items() if name not in skip}
    if api_key:
        checks["pepper"] = partial(secrets.check_api_key, api_key)
    for name, check in checks.items():
        try:
            yield from map(redacted, check())
        except Exception as error:  # noqa: BLE001 (one broken check must not hide the others)
            says = f"the check itself failed: {type(error).__name__}"
            yield Finding(name, "failed", says, "Report this with the output of manage.py doctor.")
