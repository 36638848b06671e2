"""`manage.py reconcile_mail`: after a restore, tell the database which mails have gone."""

from argparse import ArgumentParser, FileType
from pathlib import Path
from typing import TextIO

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.actions.holding import NotHeld, StillSending, reconcile


class Command(BaseCommand):
    help = (
        "Mark as sent every mail whose Message-ID the log of a mail server names.  Any text will do; leave out the "
        "lines about mails that it did not take.  Outgoing mail has to be off.  Run it again with each further log."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("log", type=FileType(encoding="utf-8", errors="replace"), help="- for standard input")
        parser.add_argument(
            "--lost", type=Path, help="write the Message-IDs of mails that it does not know to this file"
        )

    def handle(self, *args: object, log: TextIO, lost: Path | None, **options: object) -> None:
        try:
            with log:
                found = reconcile(log=log, at=timezone.now())
        except NotHeld as error:
            raise CommandError("outgoing mail is on: hold_mail first") from error
        except StillSending as error:
            raise CommandError("mails are in senders' hands: wait half a minute, with a worker that runs") from error
        self.stdout.write(f"{found.named} mails of ours are in the log.")
        self.stdout.write(f"{found.marked} of them were to go, and are marked as sent now.")
        self.stdout.write(f"{len(found.lost)} are about what was lost with the old database.")
        if lost:
            lost.write_text("".join(f"{identifier}\n" for identifier in sorted(found.lost)))
