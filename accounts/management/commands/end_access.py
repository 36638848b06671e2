"""Let somebody, or everybody, out of the portal at once."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.ending import end_access, end_all_access
from accounts.lookup import UnknownCode, person_of


class Command(BaseCommand):
    help = (
        "End the roles, sessions and API tokens of one person, who stays out until a role is given again; or every "
        "session and token there is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("email", nargs="?")
        whose.add_argument("--everybody", action="store_true", help="roles stay: everybody signs in again")

    def handle(self, *args: object, email: str | None, everybody: bool, **options: object) -> None:
        at = timezone.now()
        if email is None:
            sessions, tokens = end_all_access(at=at)
            self.stdout.write(f"{sessions} sessions and {tokens} API tokens ended.")
            return
        try:
            user = person_of(email)
        except UnknownCode as error:
            raise CommandError(str(error)) from error
        roles = end_access(user=user, at=at)
        self.stdout.write(f"{user.email} is out. Roles ended: {roles}; and every session and API token.")
