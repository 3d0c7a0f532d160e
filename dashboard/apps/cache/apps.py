from django.apps import AppConfig


class CacheConfig(AppConfig):
    name = "apps.cache"

    def ready(self) -> None:
        """Connects the erasure of projects with the evidence about them."""
        from apps.cache import signals

        signals.connect()
