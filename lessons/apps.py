"""Events, lessons, review, publications, search and statistics."""

from django.apps import AppConfig


class LessonsConfig(AppConfig):
    name = "lessons"
    verbose_name = "Lessons"

    def ready(self) -> None:
        from lessons import receivers  # noqa: F401 - connects them
