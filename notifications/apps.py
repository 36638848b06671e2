"""Who hears about what, and sending it."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from notifications import outlook, receivers  # noqa: F401 - connect themselves
