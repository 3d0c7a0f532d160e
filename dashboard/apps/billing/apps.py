from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "apps.billing"

    def ready(self) -> None:
        """Connects the end of an organization with its subscription."""
        from apps.billing import signals

        signals.connect()
