"""manage.py import_lessons: lessons from a CSV file, a workbook or JSON Lines, as docs/importing.md describes."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from tqdm import tqdm

from accounts.lookup import UnknownCode, organisation_of, person_of
from accounts.table_files import open_table
from accounts.tables import Table, UnreadableTable
from lessons.importing.column_map import BadColumnMap, load_column_map
from lessons.importing.drafts import DraftMaker
from lessons.importing.names import Names
from lessons.importing.report import Outcome, Report
from lessons.importing.table_import import ImportRefused, TableImport

COLUMN_MAPS = settings.BASE_DIR / "lessons" / "column_maps"
REPORTS = settings.BASE_DIR / "var" / "imports"
#: Names that were left out, shown at the end; the report has all.
NOTES_SHOWN = 20


class Command(BaseCommand):
    help = "Import lessons from CSV, XLSX or JSONL.  Running it twice adds nothing; rows that fail go to a reject file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--organisation", required=True, metavar="CODE", help="the owner of lessons that name none")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="a member of it, or of the Secretariat")
        parser.add_argument(
            "--columns",
            type=Path,
            default=COLUMN_MAPS / "uk_lessons.json",
            metavar="MAP.json",
            help="which column is which field; a file, or the name of one in lessons/column_maps",
        )
        parser.add_argument("--dry-run", action="store_true", help="check every row and store nothing")
        parser.add_argument("--publish-by", metavar="EMAIL", help="a moderator who publishes them all as they are")
        parser.add_argument("--announce", action="store_true", help="with --publish-by: mail the subscribers")
        parser.add_argument("--report", type=Path, default=REPORTS, metavar="FOLDER", help="where the report goes")

    def handle(self, *args: object, file: Path, columns: Path, report: Path, **options: object) -> None:
        if options["announce"] and not options["publish_by"]:
            raise CommandError("--announce goes with --publish-by: nothing else is announced.")
        try:
            column_map = load_column_map(columns if columns.exists() else COLUMN_MAPS / columns.name)
            table = open_table(file)
            table.require(column_map.columns)
            importer = TableImport(
                maker=DraftMaker(column_map, Names()),
                organisation=organisation_of(str(options["organisation"])),
                by=person_of(str(options["by"])),
                publish_by=person_of(str(options["publish_by"])) if options["publish_by"] else None,
                announce=bool(options["announce"]),
                dry_run=bool(options["dry_run"]),
                clock=timezone.now,
            )
            with Report(report, file.stem, table.columns) as written:
                self._run(importer, table, written)
        except (UnreadableTable, BadColumnMap, UnknownCode, ImportRefused) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or report} cannot be written: {error.strerror}.") from error
        self._tell(table, written)

    def _run(self, importer: TableImport, table: Table, report: Report) -> None:
        # A bar for somebody who watches; nothing in a log.
        rows = tqdm(table.rows(), total=table.size, unit="row", file=sys.stderr, disable=None)
        try:
            importer.run(rows, report)
        except OperationalError as error:
            raise CommandError(
                f"The database went away after {report.rows} of {table.size} rows. Run the command again: "
                "rows that were added are not added twice."
            ) from error

    def _tell(self, table: Table, report: Report) -> None:
        if table.encoding == "cp1252":
            self.stdout.write(f"{table.name} is not UTF-8 and was read as Windows-1252.")
        counts = ", ".join(f"{report.counts[outcome]} {outcome.value}" for outcome in Outcome if report.counts[outcome])
        self.stdout.write(f"{table.size} rows: {counts or 'nothing to do'}.")
        for what, times in report.notes.most_common(NOTES_SHOWN):
            self.stdout.write(f"Left out {times} times: {what}")
        self.stdout.write(f"Report: {report.path}")
        if report.counts[Outcome.REFUSED]:
            self.stdout.write(f"Refused rows, to be mended and imported again: {report.rejects_path}")
