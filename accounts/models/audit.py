"""The audit trail: rows are added and never changed, which the database itself holds, and sealed into a chain."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

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
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["request_id"], name="audit_request", condition=~models.Q(request_id="")),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="waits_for_its_seal",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    INSERT INTO accounts_unsealedevent (event_id, since) VALUES (NEW.id, clock_timestamp());
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class UnsealedEvent(models.Model):
    """An event that the chain does not hold yet: written with it by a trigger, taken away when it is sealed.

    The event may be any that was committed since, also one with a lower number than some that are sealed.
    """

    event_id = models.BigIntegerField(primary_key=True)
    since = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"event {self.event_id}"


class AuditSeal(models.Model):
    """A link of the chain: the place of an event in it, and a hash over the event, the place and the link before.

    Links stay when their events are too old to be kept.
    """

    sequence = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    event_digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"seal {self.sequence}"
