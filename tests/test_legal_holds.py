"""What is under a legal hold stays as it is, whoever asks; what keeps people safe can still be done."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.models import TokenScope, User
from accounts.records.holds import find, hold, lift
from accounts.roles import Role
from lessons.actions import debriefs
from lessons.actions.attachments import remove_attachment
from lessons.actions.drafts import begin_draft, use_event
from lessons.actions.moves import move_lesson
from lessons.actions.recurrences import unlink_recurrence
from lessons.actions.writing import save_event, save_lesson
from lessons.draft_keys import key_for
from lessons.errors import OnHold, WrongStatus
from lessons.models import Attachment, Debrief, Event, Lesson, Move, Observation, Status
from tests.calling import Caller
from tests.factories import EventFactory, LessonFactory, OrganisationFactory, person

pytestmark = pytest.mark.django_db

TYPED = "The rendezvous point was given twice, with two names."
SAID = "legal hold"


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def held(subject: Any) -> Any:
    return hold(subject=subject, reason="Inquest 7", until=None, by=person(Role.SECRETARIAT), at=timezone.now())


def attached(lesson: Lesson) -> Attachment:
    at = timezone.now()
    given = {"key": "a" * 32, "name": "plan.txt", "type": "txt", "size": 3, "sha256": "0" * 64, "scan": "clean"}
    return Attachment.objects.create(lesson=lesson, added_by=lesson.author, added_at=at, check_at=at, **given)


def as_stored(lesson: Lesson) -> dict[str, Any]:
    values = Lesson.objects.filter(pk=lesson.pk).values().get()
    event = Event.objects.filter(pk=lesson.event_id).values().get()
    files = list(Attachment.objects.filter(lesson=lesson).values_list("key", "published"))
    return {"lesson": values, "event": event, "files": files, "tags": list(lesson.themes.values_list("pk", flat=True))}


@pytest.mark.parametrize("what", ["itself", "event", "author"])
def test_a_held_draft_is_rewritten_on_no_way(what: str) -> None:
    author = person(Role.CONTRIBUTOR)
    lesson = LessonFactory(author=author, organisation=author.groups[0], status=Status.DRAFT, title="Share one list")
    other = EventFactory(organisation=lesson.organisation, name="Storm Ada")
    partner, lead = person(Role.CONTRIBUTOR), person(Role.JOL_SPOC, organisation=lesson.organisation)
    for permission in ("view_lesson", "change_lesson"):
        assign_perm(f"lessons.{permission}", partner.groups[0], lesson)
    file, at = attached(lesson), timezone.now()
    before, key = as_stored(lesson), key_for(lesson, author)
    held({"itself": lesson, "event": lesson.event, "author": author}[what])

    pk, sent = [lesson.pk], {"title": "Other words", "what_happened": TYPED, "row_version": lesson.row_version}
    step = reverse("submit_step", args=[lesson.pk, "what-happened"])
    for user in (author, lead, partner):
        answer = sign_in(user).post(step, sent)
        assert answer.status_code == 409, user
        assert SAID in answer.text, "says why"
        assert "JOL Secretariat" in answer.text, "says whom to ask"
        assert TYPED in answer.text, "nothing typed is lost"
    upload = {"file": SimpleUploadedFile("a.txt", b"abc")}
    client = sign_in(author)
    for answer in (
        Client().post(step, sent | {"draft_key": key}),
        client.post(reverse("submit_autosave", args=[lesson.pk, "what-happened"]), sent | {"draft_key": key}),
        client.post(reverse("submit_step", args=[lesson.pk, "event"]), {"name": "Another", "row_version": 0}),
        client.post(reverse("lesson_attachments", args=pk), upload),
        client.post(reverse("attachment_remove", args=[lesson.pk, file.key])),
        client.get(reverse("submit_same_event", args=pk)),
        Caller(author, TokenScope.WRITE_DRAFTS).send(
            "patch", f"/api/v1/drafts/{lesson.pk}/", {"title": "Other words", "row_version": lesson.row_version}
        ),
    ):
        assert answer.status_code in {409, 422}, answer.request["PATH_INFO"]
        assert answer.status_code == 409 or answer.request["PATH_INFO"].endswith("/event/")
    with pytest.raises(OnHold):
        use_event(lesson=lesson, event=other, by=author, at=at)
    with pytest.raises(OnHold):
        save_event(lesson=lesson, by=author, at=at, name="Another")

    assert as_stored(lesson) == before
    record = client.get(reverse("lesson_record", args=pk)).text
    assert "Kept unchanged under a legal hold" in record
    assert "Carry on" not in record
    assert "Kept unchanged under a legal hold" in client.get(reverse("submit_check", args=pk)).text
    assert client.get(step).url == lesson.get_absolute_url()


def test_a_hold_blocks_no_move_that_changes_no_words_and_never_a_suspension() -> None:
    draft = LessonFactory(status=Status.DRAFT, history=False)
    published, suspended = LessonFactory(status=Status.PUBLISHED), LessonFactory(status=Status.PUBLISHED)
    target, secretariat, at = LessonFactory(status=Status.PUBLISHED), person(Role.SECRETARIAT), timezone.now()
    for lesson in (draft, published, suspended):
        held(lesson)

    move_lesson(lesson=draft, move=Move.WITHDRAW, by=draft.author, at=at)
    move_lesson(lesson=draft, move=Move.REOPEN, by=draft.author, at=at)
    move_lesson(lesson=suspended, move=Move.SUSPEND, by=secretariat, at=at, note="Unsafe")
    page = sign_in(secretariat).get(reverse("review", args=[published.pk])).text
    assert "Kept unchanged under a legal hold" in page
    assert "Prepare a new version" not in page
    answer = sign_in(secretariat).get(reverse("new_version", args=[published.pk]))
    assert (answer.status_code, SAID in answer.text) == (409, True)
    with pytest.raises(OnHold):
        unlink_recurrence(lesson=published, target=target, by=secretariat, at=at)
    with pytest.raises(OnHold):
        move_lesson(lesson=published, move=Move.MERGE, by=secretariat, at=at, target=target)
    move_lesson(lesson=target, move=Move.MERGE, by=secretariat, at=at, target=published)

    suspended.refresh_from_db()
    assert suspended.status == Status.SUSPENDED


def test_what_is_begun_under_a_hold_can_be_written_and_nothing_of_it_is_removed() -> None:
    author = person(Role.CONTRIBUTOR)
    organisation, at = author.groups[0], timezone.now()
    event = EventFactory(organisation=organisation)
    held(event)
    given = {"by": author, "at": at, "organisation": organisation, "kind": "lesson_identified"}
    lesson = begin_draft(**given, title="Share one list", event=event)
    other = EventFactory(organisation=organisation)

    save_lesson(lesson=lesson, by=author, at=at, row_version=0, what_happened=TYPED)
    with pytest.raises(OnHold):
        save_event(lesson=lesson, by=author, at=at, name="Another")
    with pytest.raises(OnHold):
        remove_attachment(attachment=attached(lesson), by=author, at=at)
    use_event(lesson=lesson, event=other, by=author, at=at)

    assert Event.objects.filter(pk=event.pk).exists(), "a held event stays, though nothing comes from it any more"


def test_held_points_of_a_debrief_keep_their_words_and_new_ones_can_be_added() -> None:
    lesson = LessonFactory(status=Status.DRAFT, history=False)
    by, at = lesson.author, timezone.now()
    days = {"opened_at": at - timedelta(days=1), "held_on": at.date(), "closes_at": at + timedelta(days=1)}
    debrief = Debrief.objects.create(
        event=lesson.event, organisation=lesson.organisation, opened_by=by, kind="hot", code="otters2345", **days
    )
    given = {"debrief": debrief, "kind": "did_not_go_well", "given_on": timezone.localdate(at)}
    point = Observation.objects.create(text="Lists differed", **given)
    promoted = Observation.objects.create(text="Maps differed", disposition="promoted", lesson=lesson, **given)
    held(lesson.event)

    answer = sign_in(by).post(
        reverse("debrief_reword", args=[debrief.pk, point.pk]), {"kind": "went_well", "text": TYPED}
    )
    assert (answer.status_code, SAID in answer.text) == (409, True)
    changes: list[Callable[[], object]] = [
        lambda: debriefs.reword_point(point=point, kind="went_well", text=TYPED, principle=None, by=by, at=at),
        lambda: debriefs.group_points(debrief=debrief, points=[point.pk], name="Lists", by=by, at=at),
        lambda: debriefs.reconsider_point(point=promoted, by=by, at=at),
    ]
    for change in changes:
        with pytest.raises(OnHold):
            change()
    debriefs.note_point(debrief=debrief, kind="went_well", text=TYPED, principle=None, on=at.date(), by=by)

    assert list(debrief.observations.order_by("pk").values_list("text", "disposition"))[:2] == [
        ("Lists differed", "undecided"),
        ("Maps differed", "promoted"),
    ]


def test_a_lifted_hold_lets_the_owner_write_again_and_a_draft_is_held_by_its_number() -> None:
    lesson = LessonFactory(status=Status.DRAFT, history=False)
    found = find(f"draft {lesson.pk}")
    assert isinstance(found, Lesson)
    assert found.pk == lesson.pk
    made = held(lesson)
    lift(held=made, by=made.by, at=timezone.now())

    save_lesson(lesson=lesson, by=lesson.author, at=timezone.now(), row_version=lesson.row_version, what_happened=TYPED)


# -- at the same moment --------------------------------------------------------------------------------------
def in_a_thread(work: Any) -> Any:
    try:
        return work()
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_a_hold_waits_for_who_is_saving_and_nobody_saves_after_it() -> None:
    lesson, at = LessonFactory(status=Status.DRAFT, history=False), timezone.now()
    keeper = person(Role.SECRETARIAT)
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            saved = save_lesson(lesson=lesson, by=lesson.author, at=at, row_version=lesson.row_version, title="Before")
            placed = threads.submit(
                in_a_thread, lambda: hold(subject=lesson.event, reason="Inquest 7", until=None, by=keeper, at=at)
            )
            with pytest.raises(TooSlow):
                placed.result(timeout=0.5)
        placed.result(timeout=10)

    with pytest.raises(OnHold):
        save_lesson(lesson=lesson, by=lesson.author, at=at, row_version=saved.row_version, title="After")
    assert Lesson.objects.get(pk=lesson.pk).title == "Before"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_join_and_leave_an_event_at_once_one_is_told_and_none_fails() -> None:
    """The first takes its lesson elsewhere, so that its event goes; the second begins a draft of that event."""
    author = person(Role.CONTRIBUTOR)
    organisation, at = author.groups[0], timezone.now()
    event, other = EventFactory(organisation=organisation), EventFactory(organisation=OrganisationFactory())
    other.organisations.add(organisation)
    other.areas.set(organisation.areas.all())
    lesson = LessonFactory(author=author, organisation=organisation, event=event, status=Status.DRAFT, history=False)
    second = LessonFactory(author=author, organisation=organisation, status=Status.DRAFT, history=False)
    given = {"by": author, "at": at, "organisation": organisation, "kind": "lesson_identified"}
    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():
            use_event(lesson=lesson, event=other, by=author, at=at)
            waiting = [
                threads.submit(in_a_thread, lambda: begin_draft(**given, title="Another", event=event)),
                threads.submit(in_a_thread, lambda: use_event(lesson=second, event=event, by=author, at=at)),
            ]
            for one in waiting:
                with pytest.raises(TooSlow):
                    one.result(timeout=0.5)
        for one in waiting:
            with pytest.raises(WrongStatus):
                one.result(timeout=10)

    assert not Event.objects.filter(pk=event.pk).exists()
