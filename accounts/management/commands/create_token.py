"""manage.py create_token: prints the token, and nothing else, on standard output."""

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.lookup import UnknownCode, person_of
from accounts.models import TokenScope
from accounts.tokens import LONGEST, TokenError, create_token


class Command(BaseCommand):
    help = "Make an API token for a person and print it.  It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--scope",
            nargs="+",
            action="extend",
            default=[],
            metavar="SCOPE",
            help=", ".join(TokenScope.values),
        )
        parser.add_argument("--name", default="", help="what it is for")
        parser.add_argument("--days", type=int, default=LONGEST.days, help=f"how long it lasts, at most {LONGEST.days}")

    def handle(self, *args: object, email: str, scope: list[str], name: str, days: int, **options: object) -> None:
        try:
            lasts = timedelta(days=min(max(days, 0), LONGEST.days + 1))
            _, text = create_token(user=person_of(email), scopes=scope, name=name, lasts=lasts, at=timezone.now())
        except (TokenError, UnknownCode) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text)
