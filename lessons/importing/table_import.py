"""Importing a table of lessons: each row added, known already, or refused with the reason."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError

from accounts.models import Organisation, User
from accounts.roles import Role
from accounts.tables import Row
from lessons.errors import LessonError, NotReady
from lessons.importing.drafts import Draft, DraftMaker, Problem
from lessons.importing.intake import Intake
from lessons.importing.report import Outcome, Report
from lessons.models import Lesson


class ImportRefused(Exception):
    """The import cannot begin.  The message is written for the person who asked for it."""


def check_people(*, organisation: Organisation, by: User, publish_by: User | None) -> None:
    """Check that `by` may write for the organisation and `publish_by` may publish.

    :raises ImportRefused: one of them may not
    """
    works_there = any(m.organisation_id == organisation.pk for m in by.active_memberships)
    if not (works_there or by.has_role(Role.SECRETARIAT)):
        raise ImportRefused(f"{by.email} neither works for {organisation.name} nor belongs to the JOL Secretariat.")
    if not by.has_perm("lessons.add_lesson", organisation):
        raise ImportRefused(f"{by.email} has no role in {organisation.name} that writes lessons.")
    if publish_by is None:
        return
    if publish_by == by:
        raise ImportRefused("Nobody publishes their own lessons: name another person to publish them.")
    if not publish_by.has_role(Role.LRF_MODERATOR, Role.SECRETARIAT):
        raise ImportRefused(f"{publish_by.email} is no moderator and cannot publish.")
    if organisation.wants_sign_off and organisation.pk not in by.leads:
        raise ImportRefused(
            f"{organisation.name} signs lessons off first: import without publishing, "
            "or let its SPoC or a lead import them."
        )


class TableImport:
    """One import of a file.

    :ivar organisation: the owner of what names none in its row
    """

    def __init__(
        self,
        *,
        maker: DraftMaker,
        organisation: Organisation,
        by: User,
        clock: Callable[[], datetime],
        publish_by: User | None = None,
        announce: bool = False,
        dry_run: bool = False,
    ) -> None:
        """:raises ImportRefused: `by` or `publish_by` may not do this"""
        check_people(organisation=organisation, by=by, publish_by=publish_by)
        self.maker, self.organisation, self.by, self.clock = maker, organisation, by, clock
        self.publish_by, self.announce, self.dry_run = publish_by, announce, dry_run
        self.intake = Intake()
        self._known: dict[int, set[str]] = {}  # external ids by owner
        self._refusals: dict[int, str] = {}  # by owner: why `by` may not write for it, or nothing
        self._lines: dict[str, int] = {}  # external id -> the line it stood on

    def run(self, rows: Iterable[Row], report: Report) -> None:
        """Take every row in and tell the report.  What is there already is not touched."""
        for row in rows:
            self._take(row, report)

    def _take(self, row: Row, report: Report) -> None:
        draft = self.maker.make(row)
        owner = self._owner(draft)
        first = self._lines.setdefault(draft.external_id, row.line) if draft.external_id else row.line
        if first != row.line:
            problem = Problem("external_id", f"Line {first} has the same id.", "Give each row an id of its own.")
            report.refused(row, [problem])
        elif draft.external_id in self._known_of(owner):
            report.passed(row, Outcome.ALREADY_THERE)
        elif draft.problems:
            report.refused(row, draft.problems)
        else:
            self._store(row, draft, owner, report)

    def _owner(self, draft: Draft) -> Organisation:
        """Return the owner that the row names, if `by` may write for it; what is wrong with it becomes a problem."""
        code = draft.values.get("organisation")
        if not code or code == self.organisation.code:
            return self.organisation
        owner = self.intake.organisations[code]
        if owner.pk not in self._refusals:
            self._refusals[owner.pk] = self._refusal(owner)
        if reason := self._refusals[owner.pk]:
            to_do = "Let somebody import it who may, such as the Secretariat."
            draft.problems.append(Problem("organisation", reason, to_do))
        return owner

    def _refusal(self, owner: Organisation) -> str:
        try:
            check_people(organisation=owner, by=self.by, publish_by=self.publish_by)
        except ImportRefused as error:
            return str(error)
        return ""

    def _known_of(self, owner: Organisation) -> set[str]:
        if owner.pk not in self._known:
            self._known[owner.pk] = self.intake.known(owner)
        return self._known[owner.pk]

    def _store(self, row: Row, draft: Draft, owner: Organisation, report: Report) -> None:
        try:
            lesson = self._take_in(draft, owner)
        except NotReady as error:
            report.refused(
                row,
                [Problem(name, "It is missing or too long or short.", words) for name, words in error.problems.items()],
            )
        except LessonError as error:
            report.refused(row, [Problem("", str(error), "See what became of the lesson, or ask the Secretariat.")])
        except PermissionDenied:
            whose = (
                f"{self.publish_by.email} may not publish it" if self.publish_by else "This person may not submit it"
            )
            report.refused(row, [Problem("", f"{whose}.", "Let a moderator of its area or the Secretariat do it.")])
        except (DataError, IntegrityError) as error:
            what = f"The database refuses it: {str(error).splitlines()[0]}."
            report.refused(row, [Problem("", what, "Mend the row and import it again.")])
        else:
            outcome = Outcome.WOULD_BE_ADDED if self.dry_run else Outcome.ADDED
            report.passed(row, outcome, "" if self.dry_run else str(lesson), draft.notes)

    def _take_in(self, draft: Draft, owner: Organisation) -> Lesson:
        return self.intake.take_in(
            draft,
            organisation=owner,
            by=self.by,
            at=self.clock(),
            publish_by=self.publish_by,
            announce=self.announce,
            rehearse=self.dry_run,
        )
