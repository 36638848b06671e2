"""News about a publication, and who hears of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from lessons.models import LessonMove, Publication
from notifications.models.deliveries import Delivery
from notifications.models.subscriptions import Frequency


class AnnouncementKind(models.TextChoices):
    PUBLISHED = "published", _("New lesson published")  # to matching subscriptions
    CORRECTION = "correction", _("Correction")  # to those who got an earlier version and may read this one
    RETRACTION = "retraction", _("Stop using this")  # to those who got it (of a new version: and may not read that)
    RESTORED = "restored", _("You may use this again")  # to those who got it and may read it


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def that_tell(self) -> AnnouncementQuerySet:
        """Leave out news of a later version that turned out to concern nobody: shut out by it, or let in."""
        told = Notice.objects.filter(announcement=OuterRef("pk"))
        return self.exclude(~Exists(told), told_of__isnull=False, fanned_out_at__isnull=False)


class Announcement(models.Model):
    """Something that readers are to be told, written with the move; a worker finds out whom and mails them.

    `fanned_out_at` is set when all of them have a Notice; `last_subscription`, `last_notice` and
    `last_quarterly_mail` say how far it got.
    """

    kind = models.CharField(max_length=20, choices=AnnouncementKind)
    move = models.ForeignKey(LessonMove, on_delete=models.PROTECT, related_name="announcements")
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="announcements")
    told_of = models.ForeignKey(
        Publication,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version that its readers were told of already; empty: nobody was.",
    )
    at = models.DateTimeField()
    fanned_out_at = models.DateTimeField(null=True, blank=True)
    last_subscription = models.BigIntegerField(default=0)
    last_notice = models.BigIntegerField(default=0)
    last_quarterly_mail = models.BigIntegerField(db_default=0)
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="Suspended or replaced: nothing more of it is sent."
    )

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["move", "kind"], name="announcement_is_made_once_per_move")]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(fanned_out_at__isnull=True, ended_at__isnull=True),
                name="announcement_to_fan_out",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.publication_id}"


class Notice(models.Model):
    """One address hears of one announcement: once, however many subscriptions match, with all reasons.

    At once: `delivery` is there from the start.  Otherwise it waits for the digest of its frequency.
    """

    # The indexes below serve the first of these; the others are not looked up by.
    announcement = models.ForeignKey(Announcement, db_index=False, on_delete=models.CASCADE, related_name="notices")
    address = models.CharField(max_length=254)
    person = models.ForeignKey(User, null=True, blank=True, db_index=False, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, db_index=False, on_delete=models.CASCADE, related_name="+"
    )
    frequency = models.CharField(max_length=10, choices=Frequency)
    reasons = models.JSONField(help_text='[{"subscription": 7, "matched": ["risk:storms"], "words": ""}]')
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.SET_NULL, related_name="notices")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["announcement", "address"], name="notice_is_given_once_per_address"),
            models.CheckConstraint(
                name="notice_is_for_a_person_or_an_organisation",
                condition=Q(person__isnull=False, organisation__isnull=True)
                | Q(person__isnull=True, organisation__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["announcement", "id"], name="notice_of_announcement"),
            models.Index(fields=["frequency", "address"], condition=Q(delivery__isnull=True), name="notice_waiting"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"
