from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate


def close_tables(*, using: str, **_: Any) -> None:
    """After every ``migrate``: tables that other apps have added are closed as well."""
    from apps.edge_api import postgres

    postgres.close_tables(connections[using])


class EdgeApiConfig(AppConfig):
    name = "apps.edge_api"

    def ready(self) -> None:
        # Sent once per app with models, after the last migration; any one of them will do.
        post_migrate.connect(close_tables, sender=apps.get_app_config("usage"))
