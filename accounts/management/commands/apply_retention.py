"""Apply the periods of retention, or say what they would remove."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.records.retention import apply_rules, what_is_due


class Command(BaseCommand):
    help = "Remove what is older than its period and not held; what is due for review is only counted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")
        parser.add_argument(
            "--as-owner", action="store_true", help="also prune the audit trail; takes the owner of the database"
        )

    def handle(self, *args: object, dry_run: bool, as_owner: bool, **options: object) -> None:
        now = timezone.now()
        for done in what_is_due(at=now) if dry_run else apply_rules(at=now, as_owner=as_owner):
            self.stdout.write(f"{done.kept.code}: {done.count} before {done.before:%Y-%m-%d}, {done.kept.outcome}")
