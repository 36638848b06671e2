"""What readers lost after a backup was made stays away from them when that backup comes back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import people
from accounts.models import AuditEvent, Membership, User
from accounts.roles import Role
from jol.backup.withheld import NAME, note_withheld, withhold_again
from lessons.actions.attachments import set_published
from lessons.actions.moves import move_lesson
from lessons.models import Attachment, Audience, Lesson, Move, Publication, Status
from tests.factories import LessonFactory, OrganisationFactory, moderator_of, person, working_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """A folder with one backup, of an hour ago."""
    made = tmp_path / f"{timezone.now() - timedelta(hours=1):%Y-%m-%dT%H%M%SZ}-dump"
    made.mkdir()
    (made / "manifest.json").write_text("{}")
    return tmp_path


def published() -> Lesson:
    return LessonFactory(status=Status.PUBLISHED, at=timezone.now() - timedelta(hours=2))


def suspend(lesson: Lesson) -> None:
    by = moderator_of(lesson.area)
    move_lesson(lesson=lesson, move=Move.SUSPEND, by=by, at=timezone.now(), note="The drug dose is wrong.")


def publish_again(lesson: Lesson, change: str, **text: Any) -> None:
    working_text(lesson, **text)
    by = moderator_of(lesson.area)
    at = timezone.now()
    move_lesson(lesson=lesson, move=Move.PUBLISH_AGAIN, by=by, at=at, change=change, note="Said better.")


def attachment_of(lesson: Lesson) -> Attachment:
    return Attachment.objects.create(
        lesson=lesson,
        key=f"{lesson.pk:032d}",
        name="plan.txt",
        type="txt",
        size=1,
        sha256="0" * 64,
        added_by=lesson.author,
        added_at=lesson.created_at - timedelta(hours=2),
        check_at=lesson.created_at,
        scan="clean",
        published=True,
    )


def statuses(*lessons: Lesson) -> list[str]:
    return [Lesson.objects.get(pk=lesson.pk).status for lesson in lessons]


def test_what_was_suspended_narrowed_or_hidden_after_the_backup_is_withheld_again(backups: Path) -> None:
    wrong, narrow, corrected, polished, returned, other = (published() for _ in range(6))
    Lesson.objects.update(created_at=timezone.now() - timedelta(hours=2))
    hidden, left = attachment_of(polished), attachment_of(other)
    with transaction.atomic():  # what is lost with the database
        suspend(wrong)
        publish_again(narrow, "minor", audience=Audience.CATEGORY_1)
        publish_again(corrected, "substantive")
        publish_again(polished, "minor")
        suspend(returned)
        Lesson.objects.filter(pk=returned.pk).update(status=Status.PUBLISHED)
        returned.moves.create(move=Move.RESTORE, from_status="suspended", to_status="published", at=timezone.now())
        by = moderator_of(polished.area)
        set_published(attachment=hidden, published=False, by=by, at=timezone.now())
        assert note_withheld(backups) == 6
        assert note_withheld(backups) == 0, "each is noted once"
        transaction.set_rollback(True)
    assert statuses(wrong, narrow, corrected) == [Status.PUBLISHED] * 3
    assert wrong.title not in (backups / NAME).read_text()

    assert withhold_again(backups, at=timezone.now()) == ((3, 1, 0), [])

    assert statuses(wrong, narrow, corrected) == [Status.SUSPENDED] * 3
    assert statuses(polished, returned, other) == [Status.PUBLISHED] * 3
    assert not Publication.objects.live().filter(lesson__in=[wrong, narrow, corrected]).exists()
    assert Attachment.objects.get(published=True) == left
    assert AuditEvent.objects.filter(action="lesson.suspend", actor=None).count() == 3
    assert withhold_again(backups, at=timezone.now()) == ((0, 0, 0), []), "a second time changes nothing"


def test_a_role_or_clearance_that_was_taken_after_the_backup_is_taken_again(backups: Path) -> None:
    owner = OrganisationFactory()
    by = person(Role.ORGANISATION_ADMIN, owner)
    left, cleared, both, new = (person(Role.READER, owner, cleared=True).memberships.get() for _ in range(4))
    User.objects.update(joined_at=timezone.now() - timedelta(hours=2))
    with transaction.atomic():
        people.end_role(membership=left, by=by, at=timezone.now())
        for membership, changes in ((cleared, [False]), (both, [False, True])):
            for is_cleared in changes:
                people.set_clearance(membership=membership, cleared=is_cleared, by=by, at=timezone.now())
        note_withheld(backups)
        transaction.set_rollback(True)
    assert left.user.may_sign_in

    assert withhold_again(backups, at=timezone.now()) == ((0, 0, 2), [])

    assert not User.objects.get(pk=left.user_id).may_sign_in
    held = dict(Membership.objects.filter(ended_at=None, role=Role.READER).values_list("pk", "cleared"))
    assert held == {cleared.pk: False, both.pk: True, new.pk: True}
    assert withhold_again(backups, at=timezone.now()) == ((0, 0, 0), [])


def test_what_came_back_to_readers_since_is_left_to_them_by_a_later_restore(backups: Path) -> None:
    lesson = published()
    Lesson.objects.update(created_at=timezone.now() - timedelta(hours=2))
    suspend(lesson)
    note_withheld(backups)
    Lesson.objects.filter(pk=lesson.pk).update(status=Status.PUBLISHED)
    lesson.moves.create(move=Move.RESTORE, from_status="suspended", to_status="published", at=timezone.now())

    assert withhold_again(backups, at=timezone.now()) == ((0, 0, 0), [])


def test_a_lesson_that_has_the_number_of_one_that_was_lost_is_let_be(backups: Path) -> None:
    with transaction.atomic():
        lost = published()
        suspend(lost)
        note_withheld(backups)
        transaction.set_rollback(True)
    LessonFactory(pk=lost.pk, status=Status.PUBLISHED, at=timezone.now())

    assert withhold_again(backups, at=timezone.now()) == ((0, 0, 0), [])


def test_a_line_that_a_full_disk_tore_is_told_of_and_written_again(backups: Path) -> None:
    lesson = published()
    Lesson.objects.update(created_at=timezone.now() - timedelta(hours=2))
    with transaction.atomic():
        suspend(lesson)
        note_withheld(backups)
        (backups / NAME).write_bytes((backups / NAME).read_bytes()[:-9])
        assert note_withheld(backups) == 1
        transaction.set_rollback(True)

    counts, (fault,) = withhold_again(backups, at=timezone.now())

    assert counts == (1, 0, 0)
    assert fault == f"Line 1 of {NAME} cannot be read: it was torn, or changed."
