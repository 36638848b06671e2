"""Make a backup now, or keep making them."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from jol.backup import BackupError
from jol.backup.erased import note_erased
from jol.backup.keeping import keep_backups
from jol.backup.making import make_base, make_dump, seal_log
from jol.backup.withheld import note_withheld


class Command(BaseCommand):
    help = "Make a sealed dump of the database, with the attachments, in FOLDER; see docs/runbook.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--base", action="store_true", help="the database's files, for a way back to any second")
        parser.add_argument("--log", type=Path, help="seal what PostgreSQL's archive_command has put into this folder")
        parser.add_argument("--keep", type=int, metavar="DAYS", help="with --log: go on for ever, keep so many days")

    def handle(
        self, *args: object, folder: Path, base: bool, log: Path | None, keep: int | None, **options: object
    ) -> None:
        if not settings.BACKUP_KEY:
            raise CommandError("BACKUP_KEY is missing: see `manage.py make_backup_key`.")
        if keep and not log:
            raise CommandError("--keep needs --log.")
        try:
            if log and keep:
                keep_backups(folder, log, to=settings.BACKUP_KEY, for_days=keep)
            if log:
                self.stdout.write(f"{seal_log(log, folder, to=settings.BACKUP_KEY)} parts of the log sealed.")
                note_erased(folder)
                note_withheld(folder)
                return
            make = make_base if base else make_dump
            self.stdout.write(str(make(folder, to=settings.BACKUP_KEY, at=timezone.now())))
        except BackupError as error:
            raise CommandError(str(error)) from None
