"""Drafts that programs write: asked twice under one key, written once."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts.models import User
from lessons.errors import LessonError
from lessons.models import IdempotencyKey, Lesson


class KeyUsed(LessonError):
    """The key stands for another draft."""


class AlreadyThere(LessonError):
    """The organisation has a lesson with this external id."""


@transaction.atomic
def draft_once(
    *, key: str, asked: dict[str, Any] | list[Any], by: User, at: datetime, make: Callable[[], Lesson]
) -> tuple[Lesson, bool]:
    """Return the draft that `make` writes, and whether it is new.

    :param key: chosen by the caller, for this person; "" writes a new draft each time
    :param asked: what was asked for: the same key with anything else is refused
    :raises KeyUsed: the key stands for another draft
    :raises AlreadyThere: the external id is in use
    """
    if not key:
        return _made(make), True
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    # Whoever asks a second time while the first is at work waits here for it.
    known, is_new = IdempotencyKey.objects.get_or_create(
        user=by, key=key, defaults={"digest": digest, "created_at": at}
    )
    if is_new:
        known.lesson = _made(make)
        known.save(update_fields=["lesson"])
    elif known.digest != digest:
        raise KeyUsed(gettext("This Idempotency-Key stands for another draft. Use a new one for each draft."))
    if known.lesson is None:
        raise KeyUsed(gettext("The draft of this Idempotency-Key is gone."))
    return known.lesson, is_new


def _made(make: Callable[[], Lesson]) -> Lesson:
    try:
        with transaction.atomic():
            return make()
    except IntegrityError as error:
        if "lesson_is_imported_once" not in str(error):
            raise
        raise AlreadyThere(gettext("Your organisation has a lesson with this external_id.")) from None
