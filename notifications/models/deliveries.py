"""Mails: one row each, from the moment one is due until it has gone."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from functools import lru_cache

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from lessons.models import Lesson, LessonMove
from notifications.models.digests import DigestRun
from notifications.models.replays import Replay
from notifications.models.subscriptions import new_token


class Priority(models.IntegerChoices):
    """What goes first."""

    TRANSACTIONAL = 0, _("Sign-in and account")
    RETRACTION = 1, _("Stop using this")
    DUTY = 2, _("About work in hand")
    ALERT = 3, _("Subscriptions, at once")
    DIGEST = 4, _("Digests")


class State(models.TextChoices):
    PENDING = "pending", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    UNCERTAIN = "uncertain", _("Handed over, no answer")
    DEFERRED = "deferred", _("Refused for now")
    FAILED = "failed", _("Given up")
    SUPPRESSED = "suppressed", _("Not sent: the address bounces")
    CANCELLED = "cancelled", _("Not sent: no longer wanted")


#: Not yet gone and in nobody's hands: can be claimed when due, and cancelled.
WAITING = (State.PENDING, State.DEFERRED, State.UNCERTAIN)
#: What staff look at: it did not simply go.
TROUBLE = (State.DEFERRED, State.UNCERTAIN, State.FAILED, State.SUPPRESSED, State.CANCELLED)


class DeliveryKind(models.TextChoices):
    TRANSACTIONAL = "transactional", _("Account")
    RECEIVED = "received", _("We received your lesson")
    SIGN_OFF_NEEDED = "sign_off_needed", _("Sign-off needed")
    IN_YOUR_QUEUE = "in_your_queue", _("In your queue")
    OVERDUE = "overdue", _("Overdue")
    LOOK_AT_EDITED_TEXT = "look_at_edited_text", _("Look at the edited text")
    OWNER_ANSWERED = "owner_answered", _("The owner answered")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    DECLINED = "declined", _("Declined")
    TAKEN_BACK = "taken_back", _("Decision taken back")
    MERGED = "merged", _("Merged")
    LESSON_PUBLISHED = "lesson_published", _("Your lesson is published")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SUSPENDED = "suspended", _("Suspended")
    BACK_IN_USE = "back_in_use", _("Back in use")
    NEW_LESSON = "new_lesson", _("New lesson published")
    CORRECTION = "correction", _("Correction")
    STOP_USING = "stop_using", _("Stop using this")
    USE_AGAIN = "use_again", _("You may use this again")
    DIGEST = "digest", _("Digest")
    MAILBOX_CONFIRMATION = "mailbox_confirmation", _("Mailbox confirmation")
    LESSON_USED = "lesson_used", _("Your lesson was used")
    MAILBOX_UNSUBSCRIBED = "mailbox_unsubscribed", _("Mailbox unsubscribed")
    ADDRESS_BOUNCES = "address_bounces", _("An address does not work")
    RISK_LEFT = "risk_left", _("A risk has left the register")


def message_id_for(occasion: str, address: str) -> uuid.UUID:
    """Return the Message-ID of the mail of an occasion to an address: the same if its row has to be made again.

    `fan_out_sql.MESSAGE_ID` makes the same.

    :param occasion: what there is one such mail about; it must not come again after a restore, so it holds a time
    """
    return uuid.UUID(bytes=hashlib.sha256(f"{occasion} {address}".encode()).digest()[:16])


def message_id_domain() -> str:
    return _domain_of(settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=8)
def _domain_of(sender: str) -> str:
    return sender.rpartition("@")[2].rstrip(">")


class Lane(models.Model):
    """The place of one sender: as many rows as may send at a time.

    A sender holds its lane under a lease, and the deliveries it claimed point at it.  Before each mail it writes into
    `current` which one it is handing over; they go out in the order of their keys.  So after a crash the row tells:
    what is before `current` is sent, `current` itself may be, the rest is not.
    """

    holder = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    current = models.BigIntegerField(null=True, blank=True)
    failures = models.IntegerField(default=0, help_text="In a row: no connection, or nobody was accepted.")
    rest_until = models.DateTimeField(null=True, blank=True, help_text="The breaker is open until then.")

    class Meta:
        #: Of a check constraint PostgreSQL reads the words anew with each statement, which took a fifth of a note.
        triggers = [
            pgtrigger.Trigger(
                name="lane_in_use_has_a_lease",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("holder", "lease_until"),
                condition=pgtrigger.Condition(
                    "((NEW.holder IS NULL) <> (NEW.lease_until IS NULL)"
                    " OR (NEW.holder IS NULL AND NEW.current IS NOT NULL))"
                ),
                func="""
                    RAISE EXCEPTION 'lane % is held without a lease, or leased by nobody', NEW.id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'lane_in_use_has_a_lease';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"lane {self.pk}"


class Reason(models.Func):
    """What many errors have in common: the numbers of an answer ("550 5.1.1"), else the words before a colon."""

    template = (
        "coalesce(substring(%(expressions)s from '^[2-5][0-9][0-9](?: [2-5][.][0-9]+[.][0-9]+)?'),"
        " split_part(%(expressions)s, ':', 1))"
    )
    output_field = models.TextField()


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> DeliveryQuerySet:
        return self.filter(state__in=WAITING)

    def due(self, at: datetime) -> DeliveryQuerySet:
        """Keep what can be claimed at `at`."""
        return self.waiting().filter(due_at__lte=at)


class Delivery(models.Model):
    """One mail to one address.

    Its Message-ID and Date come from the row, so that a repeat after a crash is the same mail.  `attempts` counts
    claims without a recorded outcome.  `body` holds only what cannot be made again, and is blanked when it has gone.
    The lease of MODEL section 5 lives in the lane: one lease for a batch, renewed with each mail.
    """

    address = models.CharField(max_length=254)
    person = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=30, choices=DeliveryKind)
    priority = models.PositiveSmallIntegerField(choices=Priority)
    announcement = models.ForeignKey(
        "notifications.Announcement",
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    move = models.ForeignKey(
        LessonMove, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    digest_run = models.ForeignKey(
        DigestRun, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="deliveries"
    )
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now, help_text="Empty: not again.")
    lane = models.ForeignKey(
        Lane, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="deliveries"
    )
    replay = models.ForeignKey(
        Replay, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    uncertain_tries = models.PositiveSmallIntegerField(default=0)
    deferrals = models.PositiveSmallIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token = models.CharField(max_length=43, default=new_token, editable=False)
    date = models.DateTimeField(default=timezone.now)
    body = models.JSONField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    #: A column of its own, so that reasons are counted from an index alone.
    reason = models.GeneratedField(expression=Reason("error"), output_field=models.TextField(), db_persist=True)
    #: Of its reader, as it is when the mail is drawn; no column.
    language = settings.LANGUAGE_CODE

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token"], name="delivery_token_is_its_own"),
            models.CheckConstraint(
                name="delivery_is_being_sent_in_a_lane",
                condition=Q(state=State.SENDING, lane__isnull=False) | (~Q(state=State.SENDING) & Q(lane__isnull=True)),
            ),
            models.CheckConstraint(
                name="delivery_that_waits_is_due_some_time",
                condition=~Q(state__in=[State.PENDING, State.DEFERRED]) | Q(due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="delivery_address_is_in_lower_case",
                condition=Q(address=Lower("address")),
            ),
            models.UniqueConstraint(
                fields=["move", "address"],
                condition=Q(move__isnull=False) & ~Q(kind=DeliveryKind.OVERDUE),
                name="delivery_is_made_once_per_move_and_address",
            ),
            models.UniqueConstraint(
                fields=["move", "address"],
                condition=Q(kind=DeliveryKind.OVERDUE),
                name="delivery_of_overdue_is_made_once_per_promise",
            ),
            models.UniqueConstraint(
                fields=["digest_run", "address"],
                condition=Q(digest_run__isnull=False),
                name="delivery_is_made_once_per_digest_and_address",
            ),
        ]
        indexes = [
            models.Index(fields=["priority", "due_at"], condition=Q(state__in=WAITING), name="delivery_due"),
            models.Index(
                fields=["announcement"],
                condition=Q(state__in=[*WAITING, State.SENDING]),
                name="delivery_unsent",
            ),
            models.Index(fields=["state", "reason", "-id"], condition=Q(state__in=TROUBLE), name="delivery_trouble"),
            models.Index(fields=["lane"], condition=Q(state=State.SENDING), name="delivery_in_lane"),
            # For what is deleted after its time.  Few have a body by then; in the other, one entry is for many pages.
            models.Index(fields=["closed_at"], condition=Q(body__isnull=False), name="delivery_body_closed"),
            BrinIndex(fields=["closed_at"], autosummarize=True, name="delivery_closed"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"

    @property
    def lesson(self) -> Lesson | None:
        """What it is about; None of digests and of mails about accounts."""
        if self.announcement:
            return self.announcement.publication.lesson
        return self.move.lesson if self.move else None

    @property
    def message_id_header(self) -> str:
        """The Message-ID: the same at each try."""
        return f"<{self.message_id}@{message_id_domain()}>"
