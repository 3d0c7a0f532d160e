from django.apps import AppConfig


class EmailsConfig(AppConfig):
    name = "apps.emails"

    def ready(self) -> None:
        """Connects signals of other apps with the messages about them."""
        from apps.emails import signals

        signals.connect()
