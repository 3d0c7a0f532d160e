from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "apps.projects"

    def ready(self) -> None:
        """Connects signals of organizations with their projects."""
        from apps.projects import signals

        signals.connect()
