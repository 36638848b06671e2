"""Verify the chain over the audit trail, from its first link to its last anchor."""

import time
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.trail.verifying import Verification

#: More would hide the first ones, which say where to look.
MOST_SHOWN = 100


class Command(BaseCommand):
    help = (
        "Find every event that was changed, deleted, put in, moved, cut off or not sealed; exit code 1 if there is one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchors",
            type=Path,
            help="folder with the anchors, such as a copy that was kept elsewhere, or a file with lines of the daily "
            f"mail (default: {settings.AUDIT_ANCHOR_DIR})",
        )

    def handle(self, *args: object, anchors: Path | None, **options: object) -> None:
        began, found = time.monotonic(), 0
        trail = Verification(anchor_folder=anchors or settings.AUDIT_ANCHOR_DIR, at=timezone.now())
        for found, fault in enumerate(trail.faults(), start=1):
            if found <= MOST_SHOWN:
                self.stdout.write(fault)
        if anchors and not trail.anchors:  # misspelt, or not mounted: no end was looked for
            found += 1
            self.stdout.write(f"There is no anchor in {anchors}.")
        seconds = time.monotonic() - began
        self.stdout.write(
            f"{trail.links} links, {trail.events} events, {trail.anchors} anchors verified in {seconds:.1f} s."
        )
        if found:
            raise CommandError(f"The audit trail has {found} fault{'s' if found > 1 else ''}.")
