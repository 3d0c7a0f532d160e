from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"

    def ready(self) -> None:
        """Connects the audit log with the events about it."""
        from apps.webhooks import signals

        signals.connect()
