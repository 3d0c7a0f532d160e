from django.apps import AppConfig


class ImpersonationConfig(AppConfig):
    name = "apps.impersonation"

    def ready(self) -> None:
        from apps.impersonation import signals

        signals.connect()
