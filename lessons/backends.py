"""Permissions by grant: django-guardian's backend, asked about lessons only."""

from django.db import models
from guardian.backends import ObjectPermissionBackend

from accounts.models import User
from lessons.models import Lesson

#: What can be granted, and in what state it counts.
VIEW, CHANGE = "lessons.view_lesson", "lessons.change_lesson"


class GrantBackend(ObjectPermissionBackend):
    def has_perm(self, user: User, perm: str, obj: models.Model | None = None) -> bool:
        """Say whether one of the person's organisations was granted `perm` on this lesson.

        Leave to change counts only while the owner may write.
        """
        if not isinstance(obj, Lesson) or perm not in {VIEW, CHANGE}:
            return False
        if perm == CHANGE and not obj.is_open_to_owner:
            return False
        return super().has_perm(user, perm, obj)
