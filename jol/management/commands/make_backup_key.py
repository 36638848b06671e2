"""Make the pair of keys that backups are sealed and opened with."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from jol.backup import BackupError
from jol.backup.sealing import make_key


class Command(BaseCommand):
    help = "Write a new secret key to FILE and print its public key, for BACKUP_KEY.  Keep FILE off this server."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: object, file: Path, **options: object) -> None:
        try:
            self.stdout.write(make_key(file))
        except BackupError as error:
            raise CommandError(str(error)) from None
