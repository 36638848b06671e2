"""Bring the portal back from a backup, and check what came back."""

import time
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from jol.backup import BackupError
from jol.backup.making import BASE
from jol.backup.point_in_time import restore_second
from jol.backup.restoring import restore_dump
from jol.backup.sealing import read_key


class Command(BaseCommand):
    help = (
        "Bring BACKUP back: a dump into the database of DATABASE_URL, or with --into a base and its log into the data "
        "folder of a PostgreSQL that does not run.  Exit code 1 if anything is not as it should be."
    )
    requires_system_checks = []  # some ask the database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", type=Path, help="a folder that `backup` made")
        parser.add_argument("--key", type=Path, required=True, help="file with the secret key")
        parser.add_argument("--over", action="store_true", help="a dump: what is in the database now is lost")
        parser.add_argument("--into", type=Path, help="a base: the folder; there may be nothing in it")
        parser.add_argument("--to", type=datetime.fromisoformat, help="a base: such as 2026-11-21T14:05:00+00:00")

    def handle(
        self,
        *args: object,
        backup: Path,
        key: Path,
        over: bool,
        into: Path | None,
        to: datetime | None,
        **options: object,
    ) -> None:
        if to and not to.tzinfo:
            raise CommandError("--to needs its time zone: +00:00 is UTC.")
        if (backup / BASE).exists() != bool(into):
            raise CommandError("--into FOLDER goes with a backup of the database's files, and with no other.")
        began = time.monotonic()
        try:
            secret = read_key(key)
            if into:
                faults = restore_second(backup, into=into, to=to, key=secret, say=self.stdout.write)
            else:
                faults = restore_dump(backup, key=secret, over=over, say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from None
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError("Restored, but not all is as it should be: see above.")
        self.stdout.write(f"Restored in {time.monotonic() - began:.0f} s.")
