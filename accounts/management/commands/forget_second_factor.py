"""Let somebody set up a second factor anew, where nobody on the pages can."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.lookup import UnknownCode, person_of
from accounts.second_factor import forget_factors
from accounts.sessions import end_sessions


class Command(BaseCommand):
    help = "Take the second factor of an account away: its person sets up a new one at the next sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: object, email: str, **options: object) -> None:
        try:
            user = person_of(email)
        except UnknownCode as error:
            raise CommandError(str(error)) from error
        forget_factors(user=user, by=None, at=timezone.now())
        end_sessions(user=user, by=None, at=timezone.now(), reason="second factor lost")
        self.stdout.write(f"{user.email} sets up a second factor at the next sign-in.")
