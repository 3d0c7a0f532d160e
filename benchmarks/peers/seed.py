"""`python -m benchmarks.peers.seed`: a customer with limits that are never reached, whose questions
are not compared by meaning; prints the key.

Run in a process of its own, which has Django's settings in its environment.
"""

import django

django.setup()

from apps.accounts.models import Plan  # noqa: E402
from apps.accounts.services.organizations import organization_create  # noqa: E402
from apps.projects.services.api_keys import api_key_create  # noqa: E402
from apps.projects.services.projects import project_create  # noqa: E402

_NEVER_REACHED = 2_000_000_000


def main() -> None:
    """Print the API key."""
    plan = Plan.objects.create(
        slug="peers",
        name="Peers",
        public=False,
        monthly_requests=_NEVER_REACHED,
        requests_per_minute=_NEVER_REACHED,
    )
    organization = organization_create(name="Peers", owner=None, actor=None, plan=plan)
    project = project_create(
        organization=organization, name="Peers", actor=None, semantic_mode="off"
    )
    print(api_key_create(project=project, name="Peers", actor=None).plaintext)


if __name__ == "__main__":
    main()
