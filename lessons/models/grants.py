"""Grants: a partner organisation is let into one lesson (django-guardian's table, narrowed to lessons)."""

from django.db import models
from guardian.models import GroupObjectPermissionBase

from accounts.models import Organisation
from lessons.models.lessons import Lesson


class LessonGrant(GroupObjectPermissionBase):
    # Organisations are our groups; guardian's types know Django's only.
    group = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="grants")  # type: ignore[assignment]
    content_object = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="grants")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"{self.permission_id} on {self.content_object_id} for {self.group_id}"
