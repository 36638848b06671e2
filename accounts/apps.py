"""People, organisations, areas, roles and sign-in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and organisations"

    def ready(self) -> None:
        from accounts import break_glass, receivers, security_events  # noqa: F401 - connects them
        from accounts.records import classes  # noqa: F401 - adds its own
