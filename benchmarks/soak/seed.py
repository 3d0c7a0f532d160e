"""`python -m benchmarks.soak.seed`: the soak's customers, in the database of the settings; JSON.

Run in a process of its own, which has Django's settings in its environment.
"""

import json
from typing import Any

import django

django.setup()

from django.test import Client  # noqa: E402

from apps.accounts.models import Plan, User  # noqa: E402
from apps.accounts.services.organizations import organization_create  # noqa: E402
from apps.projects.services.api_keys import api_key_create  # noqa: E402
from apps.projects.services.projects import project_create  # noqa: E402
from benchmarks.soak.tenants import LIMITS, TTL_SECONDS  # noqa: E402

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def main() -> None:
    """Print the API key and ids of each tenant, and a signed-in session of its owner."""
    made: dict[str, Any] = {}
    for name, limits in LIMITS.items():
        plan = Plan.objects.create(slug=f"soak-{name}", name=name, public=False, **limits)
        owner = User.objects.create_user(f"{name}@example.com")
        organization = organization_create(name=name, owner=owner, actor=None, plan=plan)
        project = project_create(
            organization=organization,
            name=name,
            actor=None,
            ttl_seconds=TTL_SECONDS,
            embeddings_ttl_seconds=TTL_SECONDS,
        )
        client = Client()
        client.force_login(owner, backend=_BACKEND)
        made[name] = {
            "key": api_key_create(project=project, name="soak", actor=None).plaintext,
            "project_id": str(project.pk),
            "organization_id": str(organization.pk),
            "session": client.cookies["sessionid"].value,
            "page": f"/app/{organization.slug}/{project.slug}/",
        }
    print(json.dumps(made))


if __name__ == "__main__":
    main()
