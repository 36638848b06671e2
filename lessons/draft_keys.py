"""Keys of drafts: what was typed into a form is kept even if the session ended meanwhile.

Each form of a draft carries a key.  It says which draft may be written and by whom, is signed, and good for a day, or
until all sessions of its person are ended.  It opens nothing to read; whether that person may still write the draft is
asked again at every save.
"""

import hashlib
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.core import signing

from accounts.models import User
from lessons.models import Lesson

SALT = "lessons.draft-key"
GOOD_FOR = timedelta(hours=24)


def key_for(lesson: Lesson, user: User) -> str:
    """Return a key with which a form of `user` writes to `lesson`."""
    return signing.dumps({"lesson": lesson.pk, "user": user.pk, "state": _states(user)[0]}, salt=SALT)


def holder_of(key: str, lesson_pk: int, signed_in: User | AnonymousUser) -> User | None:
    """Return whose key this is; None if it is no key, too old, of another draft, or of a closed account.

    Without its session it is as good as that would be if no time had passed: not after a new password, nor once its
    person signed out everywhere.

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
    user = User.objects.filter(pk=named["user"], is_active=True, dormant_at=None).first()
    return user if user and named.get("state") in _states(user) else None


def _states(user: User) -> list[str]:
    """Return what stands for the state of an account that its sessions are bound to, as each of our keys signs it."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return [hashlib.sha256(one.encode()).hexdigest()[:20] for one in hashes]
