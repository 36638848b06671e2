"""Keys of drafts: what was typed into a form is kept even if the session ended meanwhile.

Each form of a draft carries a key.  It says which draft may be written and by whom, is signed, and good for a day.  It
opens nothing to read; whether that person may still write the draft is asked again at every save.
"""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.core import signing

from accounts.models import User
from lessons.models import Lesson

SALT = "lessons.draft-key"
GOOD_FOR = timedelta(hours=24)


def key_for(lesson: Lesson, user: User) -> str:
    """Return a key with which a form of `user` writes to `lesson`."""
    return signing.dumps({"lesson": lesson.pk, "user": user.pk}, salt=SALT)


def holder_of(key: str, lesson_pk: int, signed_in: User | AnonymousUser) -> User | None:
    """Return whose key this is; None if it is no key, too old, of another draft, or of a closed account.

    :param signed_in: returned if the key is theirs, so that nobody is looked up twice
    """
    try:
        named = signing.loads(key, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    if named["lesson"] != lesson_pk:
        return None
    if isinstance(signed_in, User) and signed_in.pk == named["user"]:
        return signed_in
    return User.objects.filter(pk=named["user"], is_active=True, dormant_at=None).first()
