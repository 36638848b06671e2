"""Encrypt what authenticator apps share with us anew, so that an earlier SECRET_KEY is not needed for it any more."""

from django.core.management.base import BaseCommand, CommandError

from accounts.second_factor import renew_secrets


class Command(BaseCommand):
    help = (
        "Encrypt the secrets of authenticator apps with SECRET_KEY.  Those that an earlier one encrypted are read with "
        "SECRET_KEY_FALLBACKS.  A second run changes nothing."
    )

    def handle(self, *args: object, **options: object) -> None:
        number, lost = renew_secrets()
        self.stdout.write(f"{number - lost} of {number} apps have the newest key.")
        if lost:
            raise CommandError(f"No key that is known opens {lost}: their people need `forget_second_factor`.")
