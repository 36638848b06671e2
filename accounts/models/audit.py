"""The audit trail: rows are added and never changed, which the database itself holds."""

from django.conf import settings
from django.db import models

from accounts.append_only import append_only
from accounts.roles import Role


class AuditEvent(models.Model):
    """Who did what to which object.  Holds digests, never the text of an item."""

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, related_name="+")
    role = models.CharField(max_length=20, choices=Role, blank=True)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_object")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"
