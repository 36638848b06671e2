"""Who hears about what, and sending it."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from lessons import waiting
        from notifications import outlook, receivers, retention, schedule  # noqa: F401 - connect themselves
        from notifications.tasks_at_hand import mail_waiting_for

        waiting.SOURCES.append(mail_waiting_for)
