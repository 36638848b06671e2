"""`manage.py process_bounce`: count a mail that came back, from a mail server's pipe or a maildir."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from notifications.bounces.counting import count_report
from notifications.bounces.reports import read_report

#: A notice is a few kilobytes, and with it comes our own mail of 100 kilobytes at most.
LONGEST = 1024 * 1024


class Command(BaseCommand):
    help = (
        "Read a delivery status notification from standard input, or every message in a maildir.  The exit code is one "
        "that sendmail and Postfix understand: 0 taken, also what is no bounce (it must not be answered); 75 the "
        "database is away, try again later."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipient", default="", help="the address it was delivered to, if not in its headers")
        parser.add_argument("--maildir", type=Path, help="read its folder `new`; what was read goes to `cur`")

    def handle(self, *args: Any, maildir: Path | None, recipient: str, **options: Any) -> None:
        try:
            if maildir:
                self._read_maildir(maildir)
            else:
                raw = sys.stdin.buffer.read(LONGEST)
                while sys.stdin.buffer.read(LONGEST):  # a pipe that is closed early is an error to the mail server
                    pass
                self.stdout.write(_count(raw, recipient))
        except (OperationalError, InterfaceError) as error:
            raise CommandError("the database is away", returncode=os.EX_TEMPFAIL) from error

    def _read_maildir(self, maildir: Path) -> None:
        """Count each message, then move it: one that is met again after a crash counts once all the same."""
        new, read = maildir / "new", maildir / "cur"
        if not new.is_dir() or not read.is_dir():
            raise CommandError(f"{maildir} is no maildir", returncode=os.EX_USAGE)
        counts: dict[str, int] = {}
        for message in sorted(new.iterdir()):
            with message.open("rb") as file:
                outcome = _count(file.read(LONGEST), "")
            message.rename(read / f"{message.name}:2,S")
            counts[outcome] = counts.get(outcome, 0) + 1
        self.stdout.write(
            ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())) or "nothing new"
        )


def _count(raw: bytes, recipient: str) -> str:
    report = read_report(raw, recipient=recipient)
    if report is None:
        return "ignored: no bounce of ours"
    return "counted" if count_report(report, at=timezone.now()) else "known already"
