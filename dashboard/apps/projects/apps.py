from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "apps.projects"

    def ready(self) -> None:
        """Connects what happens to organizations with their projects."""
        from apps.projects import signals

        signals.connect()
