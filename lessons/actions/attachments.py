"""Adding files to a lesson, taking them out, and saying which of them readers get."""

import hashlib
import uuid
from datetime import datetime
from typing import BinaryIO

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from accounts import audit
from accounts.models import User
from accounts.records.holds import Held
from lessons.attachments import store
from lessons.attachments.content import kind_of
from lessons.attachments.kinds import plain_name
from lessons.conditions import decides_tier, wants_two_people, working_text, wrote_it
from lessons.errors import (
    LessonError,
    NotYourClaim,
    NotYourTier,
    OnHold,
    OwnLesson,
    ReasonMissing,
    SecondPersonMissing,
    WrongStatus,
)
from lessons.holds import refuse_if_kept
from lessons.models import Attachment, Lesson, Status
from lessons.retention import lesson_is_held

MOST_ATTACHMENTS = 10
CANNOT_BE_CHANGED = gettext_lazy("The files of this lesson cannot be changed now.")
FILE_IS_KEPT = gettext_lazy(
    "The files of this lesson are kept under a legal hold, so none can be taken out. The JOL Secretariat placed the "
    "hold: ask them if one has to go."
)
CHANGE, PUBLISH = "lessons.change_lesson", "lessons.publish_lesson"


class TooManyAttachments(LessonError):
    """The lesson holds as many files as it may."""


def add_attachment(*, lesson: Lesson, file: BinaryIO, name: str, by: User, at: datetime) -> Attachment:
    """Take in a file; nobody can download it before it was checked.

    :param name: as it was called where it comes from
    :raises PermissionDenied: `by` may not write the lesson
    :raises WrongStatus: it is not open to its owner now
    :raises OnHold: a legal hold keeps the lesson as it is
    :raises TooManyAttachments: it holds ten already
    :raises Refused: the file is none of those that may be attached
    """
    kind = kind_of(file, name)
    key = uuid.uuid4().hex
    store.save(key, file)
    try:
        with transaction.atomic():
            _open_to(lesson, by, at)
            _has_room(lesson)
            attachment = Attachment.objects.create(
                lesson=lesson,
                key=key,
                name=plain_name(name),
                type=kind.code,
                size=file.seek(0, 2),
                sha256=digest_of(file),
                added_by=by,
                added_at=at,
                check_at=at,
            )
            audit.record(action="attachment.add", subject=attachment, by=by, at=at, digest=attachment.sha256)
    except BaseException:
        store.delete(key)
        raise
    return attachment


def _has_room(lesson: Lesson) -> None:
    if lesson.attachments.kept().count() >= MOST_ATTACHMENTS:
        raise TooManyAttachments(
            gettext("A lesson holds %(most)s files. Take one out first.") % {"most": MOST_ATTACHMENTS}
        )


def digest_of(file: BinaryIO) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


@transaction.atomic
def remove_attachment(*, attachment: Attachment, by: User, at: datetime) -> None:
    """Take a file out of a lesson that is open to its owner, for good.

    :raises PermissionDenied: `by` may not write the lesson
    :raises WrongStatus: it is not open to its owner now
    :raises OnHold: a legal hold keeps it
    """
    _open_to(attachment.lesson, by, at)
    if Lesson.objects.filter(lesson_is_held(Held(at)), pk=attachment.lesson_id).exists():
        raise OnHold(FILE_IS_KEPT)
    audit.record(action="attachment.remove", subject=attachment, by=by, at=at, digest=attachment.sha256)
    key = attachment.key
    attachment.delete()
    transaction.on_commit(lambda: store.delete(key))


def _open_to(lesson: Lesson, by: User, at: datetime) -> None:
    lesson = Lesson.objects.select_for_update(of=("self",)).get(pk=lesson.pk)
    if not lesson.is_open_to_owner and by.has_perm("lessons.view_lesson", lesson):
        raise WrongStatus(CANNOT_BE_CHANGED)
    if not by.has_perm(CHANGE, lesson):
        raise PermissionDenied
    refuse_if_kept(lesson, at)


@transaction.atomic
def set_published(
    *, attachment: Attachment, published: bool, by: User, at: datetime, accepts_findings: bool = False
) -> None:
    """Give a file to those who may read the publication, or take it from them.

    Taking it away is open to every moderator of the lesson; giving it follows the rules of publishing.

    :param accepts_findings: readers may see what was found in the file: who wrote it, comments, hidden sheets
    :raises PermissionDenied: `by` does not publish this lesson
    :raises ReasonMissing: something was found, and nobody said that readers may see it
    :raises LessonError: it was not found clean, is `by`'s own, claimed by somebody else, decided on at the national
        tier, or takes two people
    """
    lesson = Lesson.objects.select_for_update(of=("self",)).get(pk=attachment.lesson_id)
    attachment = Attachment.objects.select_for_update().get(pk=attachment.pk)
    if not by.has_perm(PUBLISH, lesson):
        raise PermissionDenied
    if published:
        if not attachment.is_clean:
            raise WrongStatus(gettext("This file was not found clean, so nobody else gets it."))
        _may_give(lesson, by, at)
        if attachment.findings and not accepts_findings:
            raise ReasonMissing(
                gettext("Tick that readers may see what was found in the file, or ask for a file without it.")
            )
    attachment.published = published
    attachment.save(update_fields=["published"])
    action = "attachment.publish" if published else "attachment.hide"
    reason = "findings accepted" if published and attachment.findings else ""
    audit.record(action=action, subject=attachment, by=by, at=at, reason=reason, digest=attachment.sha256)


@transaction.atomic
def hide_again(*, attachment: Attachment, at: datetime) -> None:
    """Take from readers a file that a backup gave back to them; nobody's permission is asked."""
    Attachment.objects.filter(pk=attachment.pk).update(published=False)
    audit.record(action="attachment.hide", subject=attachment, by=None, at=at, digest=attachment.sha256)


def _may_give(lesson: Lesson, by: User, at: datetime) -> None:
    if wrote_it(lesson, by):
        raise OwnLesson(gettext("Somebody else has to publish the files of a lesson that you wrote."))
    if lesson.status == Status.IN_REVIEW:
        if lesson.claimed_by_id != by.pk or lesson.claim_has_lapsed(at):
            raise NotYourClaim(gettext("Claim the lesson first."))
        return
    refuse_if_kept(lesson, at)
    if lesson.status not in {Status.PUBLISHED, Status.ARCHIVED}:
        raise WrongStatus(gettext("Files are published with the lesson, while it is in review."))
    if not decides_tier(lesson, by):
        raise NotYourTier(gettext("This lesson is decided by the JOL Secretariat."))
    if wants_two_people(lesson, working_text(lesson)):
        raise SecondPersonMissing(gettext("This lesson takes two people: publish the file while it is in review."))
