from django.apps import AppConfig


class EmailsConfig(AppConfig):
    name = "apps.emails"

    def ready(self) -> None:
        """Connects what happens elsewhere with the messages about it."""
        from apps.emails import signals

        signals.connect()
