"""Events, lessons, review, publications, search and statistics."""

from django.apps import AppConfig


class LessonsConfig(AppConfig):
    name = "lessons"
    verbose_name = "Lessons"

    def ready(self) -> None:
        from accounts.records import holds
        from accounts.trail import search
        from lessons import receivers, retention, trail  # noqa: F401 - connect themselves
        from lessons.holds import wait_for_writers

        search.FINDERS.append(trail.of_reference)
        search.NAMERS.append(trail.name_of)
        holds.FINDERS.append(trail.to_hold)
        holds.WAITERS.append(wait_for_writers)
