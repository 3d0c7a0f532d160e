"""`python -m local_stack.dashboard_setup`: migrate and seed the dashboard's database.

Both in one process, because starting Django is what costs; nothing is migrated when nothing is new.
"""

import argparse
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def main() -> None:
    """Bring the database to the present schema and make sure the demo data is there."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.dashboard_setup")
    parser.add_argument("--output", type=Path, required=True, help="where the key made is kept")
    parser.add_argument("--bare", action="store_true", help="only the key without limits")
    options = parser.parse_args()
    django.setup()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    call_command("seed_demo", output=options.output, bare=options.bare)
    if not options.bare:
        _put_plans_on_sale()


def _put_plans_on_sale() -> None:
    """At the double alone: nothing is ever made at a real Stripe account unasked."""
    unsold = apps.get_model("accounts", "Plan").objects.filter(public=True, stripe_price_id="")
    if settings.STRIPE_API_BASE and unsold.exists():
        call_command("stripe_sync")


if __name__ == "__main__":
    main()
