"""`manage.py hold_mail`: nothing is sent any more, until `release_mail`."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from notifications.actions.holding import hold_mail


class Command(BaseCommand):
    help = "Turn outgoing mail off.  Mails are written all the same, and wait.  A second run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="in a few words; the Secretariat reads it")
        parser.add_argument(
            "--after-restore", action="store_true", help="this database is a copy: other mails have gone since"
        )

    def handle(self, *args: object, reason: str, after_restore: bool, **options: object) -> None:
        hold = hold_mail(reason=reason, after_restore=after_restore, at=timezone.now())
        self.stdout.write(f"Outgoing mail is off since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.reason}")
