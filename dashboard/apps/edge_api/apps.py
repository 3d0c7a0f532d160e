from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate


def refresh(*, using: str, **_: Any) -> None:
    """Runs after every ``migrate``, so that the edge's access covers what other apps have added."""
    from apps.edge_api import postgres

    postgres.refresh(connections[using])


class EdgeApiConfig(AppConfig):
    name = "apps.edge_api"

    def ready(self) -> None:
        # Sent once per app with models, after the last migration; any one of them will do.
        post_migrate.connect(refresh, sender=apps.get_app_config("usage"))
