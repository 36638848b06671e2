"""manage.py load_demo: people, subscriptions, the published corpus, work in progress and a debrief."""

import os

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Organisation
from accounts.tables import UnreadableTable
from lessons.demo.corpus import CorpusLoader, CorpusReport
from lessons.demo.debrief import load_debrief
from lessons.demo.people import load_people
from lessons.demo.work import WorkLoader
from notifications.demo import load_subscriptions


class Command(BaseCommand):
    help = "Load the demonstration.  The password of its accounts is in DEMO_PASSWORD.  A second run adds nothing."

    def handle(self, *args: object, **options: object) -> None:
        password = self._password()
        if not Organisation.objects.exists():
            raise CommandError("There is no reference data yet: run load_reference first.")
        now = timezone.now()
        with transaction.atomic():
            people = load_people(password=password, at=now)
            subscriptions = load_subscriptions(people, now)
        try:
            report = CorpusLoader(people, timezone.now).load()
        except UnreadableTable as error:
            raise CommandError(str(error)) from error
        with transaction.atomic():
            work = WorkLoader(people, timezone.now()).load()
            has_debrief = load_debrief(people, timezone.now())
        self.stdout.write(f"{len(people)} accounts; {subscriptions} subscriptions begun.")
        self._tell(report)
        if work:
            self.stdout.write(f"Work in progress: {', '.join(f'{count} {stage}' for stage, count in work.items())}.")
        if has_debrief:
            self.stdout.write("A debrief with points, of which two drafts were made.")

    def _password(self) -> str:
        password = os.environ.get("DEMO_PASSWORD", "")
        if not password:
            raise CommandError("Set DEMO_PASSWORD to the password of the demonstration accounts.")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(f"DEMO_PASSWORD: {' '.join(error.messages)}") from error
        return password

    def _tell(self, report: CorpusReport) -> None:
        self.stdout.write(
            f"{report.rows} records of the corpus: {report.published} published, {report.already_there} there already, "
            f"{len(report.not_published)} not published."
        )
        for line in report.not_published:
            self.stdout.write(f"  not published: {line}")
        if report.without_owner:
            ids = ", ".join(report.without_owner)
            self.stdout.write(f"Owned by the JESIP team, as none of their agencies is known: {ids}.")
        if report.unresolved and report.published:
            names = ", ".join(f"{name} ({times})" for name, times in sorted(report.unresolved.items()))
            self.stdout.write(f"Agencies left out of events, for want of a code or an alias (times): {names}.")
