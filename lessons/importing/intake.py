"""Writing drafts through the actions that people's submissions go through."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import Model

from accounts.models import Organisation, ResilienceArea, User
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.actions.warnings import answer_all
from lessons.actions.writing import create_event, create_lesson
from lessons.checklist import all_ticked
from lessons.importing.drafts import Draft
from lessons.models import Capability, Event, Lesson, Move, NationalRisk, Theme

Row = TypeVar("Row", bound=Model)
EventKey = tuple[int, str, object]
#: What those who submit or publish a whole file say to every warning about its texts.
VOUCHED = "Checked before the file was imported."


class Intake:
    """Takes drafts in, one transaction each; knows the reference data and the events it made."""

    def __init__(self) -> None:
        self.organisations = {row.code: row for row in Organisation.objects.select_related("type")}
        self.areas = {row.code: row for row in ResilienceArea.objects.all()}
        self.risks = {row.code: row for row in NationalRisk.objects.current()}
        self.themes = {row.code: row for row in Theme.objects.all()}
        self.capabilities = {row.code: row for row in Capability.objects.all()}
        self._events: dict[EventKey, Event] = {}

    def known(self, organisation: Organisation) -> set[str]:
        """Return the external ids of what the organisation has already."""
        ids = Lesson.objects.filter(organisation=organisation).exclude(external_id="")
        return set(ids.values_list("external_id", flat=True))

    def take_in(
        self,
        draft: Draft,
        *,
        organisation: Organisation,
        by: User,
        at: datetime,
        event_from: tuple[Organisation, User] | None = None,
        publish_by: User | None = None,
        announce: bool = False,
        rehearse: bool = False,
    ) -> Lesson:
        """Record the event if it is new, write the lesson, submit it and, if asked, publish it: all or nothing.

        :param draft: without problems
        :param event_from: who records the event, if not the owner of the lesson and `by`
        :param publish_by: a moderator who takes responsibility for the checklist
        :param announce: tell subscribers; else nobody is mailed
        :param rehearse: do all of it and then undo it
        :raises PermissionDenied: `by` or `publish_by` may not
        :raises LessonError: a rule of the workflow forbids it
        """
        recorder, recorded_by = event_from or (organisation, by)
        key = _key(draft, recorder)
        was_known = key in self._events
        kept = False
        try:
            with transaction.atomic():
                event = self._event(draft, recorder, recorded_by, at)
                lesson = self._write(draft, event, organisation, by, at)
                answer_all(text=lesson, because=VOUCHED, by=by, at=at)
                lesson = move_lesson(lesson=lesson, move=Move.SUBMIT, by=by, at=at, quiet=True)
                if publish_by:
                    lesson = publish(lesson, by=publish_by, at=at, announce=announce)
                if rehearse:
                    transaction.set_rollback(True)
                kept = not rehearse
        finally:
            if not (kept or was_known):
                self._events.pop(key, None)  # it went with the transaction
        return lesson

    def write_draft(self, draft: Draft, *, organisation: Organisation, by: User, at: datetime) -> Lesson:
        """Record the event if it is new and write the lesson as a draft, complete or not.

        The caller owns the transaction, and throws the intake away if it fails.

        :raises PermissionDenied: `by` may not write for the organisation
        """
        return self._write(draft, self._event(draft, organisation, by, at), organisation, by, at)

    def _event(self, draft: Draft, organisation: Organisation, by: User, at: datetime) -> Event:
        """Return the organisation's event of that name and date, made if there is none."""
        key = _key(draft, organisation)
        if key not in self._events:
            same = Event.objects.filter(
                organisation=organisation,
                name__iexact=draft.event.get("name", ""),
                started_on=draft.event.get("started_on"),
            )
            self._events[key] = same.order_by("pk").first() or create_event(
                by=by,
                at=at,
                organisation=organisation,
                areas=chosen(self.areas, draft.codes("event.areas")),
                organisations=chosen(self.organisations, draft.codes("event.organisations")),
                **draft.event,
            )
        return self._events[key]

    def _write(self, draft: Draft, event: Event, organisation: Organisation, by: User, at: datetime) -> Lesson:
        area: ResilienceArea | None = self.areas.get(draft.values.get("area") or "")
        return create_lesson(
            by=by,
            at=at,
            event=event,
            organisation=organisation,
            kind=draft.values["kind"],
            area=area,
            risks=chosen(self.risks, draft.codes("risks")),
            themes=chosen(self.themes, draft.codes("themes")),
            capabilities=chosen(self.capabilities, draft.codes("capabilities")),
            external_id=draft.external_id,
            **draft.wording,
        )


def publish(lesson: Lesson, *, by: User, at: datetime, announce: bool) -> Lesson:
    """Claim, confirm the checklist and answer the warnings for the text as it is, and publish it."""
    lesson = move_lesson(lesson=lesson, move=Move.CLAIM, by=by, at=at, quiet=True)
    text = save_working_text(
        lesson=lesson, by=by, at=at, row_version=lesson.row_version, values={}, checklist=all_ticked()
    )
    answer_all(text=text, because=VOUCHED, by=by, at=at)
    return move_lesson(lesson=lesson, move=Move.PUBLISH, by=by, at=at, quiet=not announce)


def _key(draft: Draft, organisation: Organisation) -> EventKey:
    event = draft.event
    return organisation.pk, str(event.get("name", "")).casefold(), event.get("started_on")


def chosen(rows: dict[str, Row], codes: Iterable[str]) -> list[Row]:
    return [rows[code] for code in codes if code in rows]
