"""`manage.py release_mail`: mails are sent again."""

from argparse import ArgumentParser

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from notifications.actions.holding import RepeatsPossible, release_mail


class Command(BaseCommand):
    help = "Turn outgoing mail on again, as the button under Mail does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", required=True, metavar="EMAIL", help="of a person of the Secretariat")
        parser.add_argument("--accept-repeats", action="store_true", help="the log of the mail server is not to be had")

    def handle(self, *args: object, by: str, accept_repeats: bool, **options: object) -> None:
        try:
            person = User.objects.get(email__iexact=by)
            hold = release_mail(by=person, accepts_repeats=accept_repeats, at=timezone.now())
        except User.DoesNotExist as error:
            raise CommandError(f"nobody has the address {by}") from error
        except PermissionDenied as error:
            raise CommandError(f"{by} does not look after the mail") from error
        except RepeatsPossible as error:
            raise CommandError(
                "this database was restored: run reconcile_mail with the log of the mail server first, or say "
                "--accept-repeats"
            ) from error
        self.stdout.write("Outgoing mail is on." if hold else "Outgoing mail was on already.")
