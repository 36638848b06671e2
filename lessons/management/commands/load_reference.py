"""manage.py load_reference: areas, organisations, National Risks, themes and capabilities from CSV files."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from lessons.reference import BrokenReference, load_reference

#: As many problems as fit on a screen; the count says how many there are.
PROBLEMS_SHOWN = 50


class Command(BaseCommand):
    help = "Load the reference data.  Safe to run again: names are updated, nothing is deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "data", help="where the CSV files are")

    def handle(self, *args: object, folder: Path, **options: object) -> None:
        try:
            loaded = load_reference(folder)
        except BrokenReference as error:
            shown = [*error.problems[:PROBLEMS_SHOWN]]
            if len(error.problems) > PROBLEMS_SHOWN:
                shown.append(f"… and {len(error.problems) - PROBLEMS_SHOWN} more.")
            raise CommandError("\n".join(["Nothing was loaded.", *shown])) from error
        for file in loaded:
            self.stdout.write(f"{file.rows:>5} {file.what}: {file.added} new, {file.changed} changed")
            if file.left_over:
                self.stdout.write(f"      not in the file, kept: {', '.join(file.left_over)}")
