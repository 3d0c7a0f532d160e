from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "apps.billing"

    def ready(self) -> None:
        """Connects the deletion of an organization with the check of its subscription."""
        from apps.billing import signals

        signals.connect()
